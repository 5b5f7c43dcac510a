// SPDX-License-Identifier: Apache-2.0
// Where a job finds its ID token: all places there are, in the order in which they are looked at.
import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { ScanError, toMessage } from '../errors/index.ts';
import { type Call, type CallAnswer, call, isClosedLine, isSuccess, mayPass, problemOf } from '../http/index.ts';
import { type Environment, parseJsonText, readVariable } from '../request/index.ts';

/** What it takes to ask. */
interface Asking {
  environment: Environment;
  signal: AbortSignal | undefined;
  pause: (ms: number) => Promise<unknown>;
}

/** A place that has an ID token for this job. */
export interface IdTokenSource {
  /** As the user knows it. */
  name: string;
  /** Tokens are made for the audience that was asked for, or for one that the user chose; else for one that nobody chooses. */
  takesAudience: boolean;
  /** The same text every time: nothing is gained by asking again. */
  isFixed: boolean;
  get: (audience: string, asking: Asking) => Promise<string>;
}

interface Place {
  /** What was looked for, where it is not there. */
  lacks: string;
  /** How to get it, in the system that this job runs in. */
  remedy?: string | undefined;
  source: IdTokenSource | undefined;
}

/** Where clusters are told to mount a token for this purpose: of no use for the API server, which has another audience. */
const mountedToken = '/var/run/secrets/cinc-scan/token';

/** Throws INPUT_INVALID where there is none, with all that was looked for. */
export function findIdToken(environment: Environment, mounted = mountedToken): IdTokenSource {
  const places = [github, azure, circle, gitlab].map(look => look(environment));
  const all = [...places, mountedAt(mounted)];
  const found = all.flatMap(({ source }) => source ?? [])[0];
  if (found !== undefined) return found;
  const [remedy = 'Pass --server-token FILE, or set CINC_SCAN_SERVER_TOKEN; or let the job have an ID token.'] =
    all.flatMap(each => each.remedy ?? []);
  throw new ScanError(
    'INPUT_INVALID',
    `server: nothing says who asks. Looked for: server-token (CINC_SCAN_SERVER_TOKEN); id-token (CINC_SCAN_ID_TOKEN); ${all.map(({ lacks }) => lacks).join('; ')}`,
    { remedy },
  );
}

/** The token that the user gives: a file, which may change meanwhile, or a text. */
export function givenIdToken(text: string): IdTokenSource {
  const isPath = /^[/.]/.test(text.trim());
  return isPath ? tokenFile(text.trim(), text.trim()) : fixed('id-token', text);
}

/** The one in the variable of that name. Throws INPUT_INVALID where that is not set. */
export function variableIdToken(variable: string, environment: Environment): IdTokenSource {
  const text = readVariable(environment, variable);
  if (text !== undefined) return fixed(variable, text);
  throw new ScanError('INPUT_INVALID', `id-token-variable: the variable ${variable} is not set`, {
    remedy: 'Let the CI system set it, such as by id_tokens in a job of GitLab.',
  });
}

const fixed = (name: string, text: string): IdTokenSource => ({
  name,
  takesAudience: true,
  isFixed: true,
  get: () => Promise.resolve(text),
});

function tokenFile(name: string, path: string): IdTokenSource {
  const read = () => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw new ScanError('ID_TOKEN_UNAVAILABLE', `The ID token ${path} cannot be read: ${toMessage(error)}`, {
        cause: error,
      });
    }
  };
  // A kubelet writes it anew before it ends.
  return { name, takesAudience: true, isFixed: false, get: async () => read() };
}

// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#launch-a-pod-using-service-account-token-projection
function mountedAt(path: string): Place {
  return { lacks: `a mounted ${path}`, source: existsSync(path) ? tokenFile(path, path) : undefined };
}

const is = (environment: Environment, name: string): boolean => /^true$/i.test(readVariable(environment, name) ?? '');

// https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
function github(environment: Environment): Place {
  const [address, bearer] = ['ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'].map(name =>
    readVariable(environment, name),
  );
  const remedy = 'Give the job `permissions: id-token: write`; runs from forks do not get it.';
  const name = 'GitHub Actions';
  const get: IdTokenSource['get'] = (audience, asking) => {
    const url = addressOf(address ?? '', { name, variable: 'ACTIONS_ID_TOKEN_REQUEST_URL' });
    url.searchParams.set('audience', audience);
    return ask({ name, url, bearer: bearer ?? '', field: 'value', remedy }, asking);
  };
  return {
    lacks: 'GitHub Actions: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    remedy: is(environment, 'GITHUB_ACTIONS') ? remedy : undefined,
    source: address && bearer ? { name, takesAudience: true, isFixed: false, get } : undefined,
  };
}

// https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create; the audience is always the same.
function azure(environment: Environment): Place {
  const [address, bearer] = ['SYSTEM_OIDCREQUESTURI', 'SYSTEM_ACCESSTOKEN'].map(name =>
    readVariable(environment, name),
  );
  const name = 'Azure Pipelines';
  const remedy =
    'Hand the token of the job to the step: `env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }`; the task of cinc-scan does it by itself.';
  const get: IdTokenSource['get'] = (_audience, asking) => {
    const url = addressOf(address ?? '', { name, variable: 'SYSTEM_OIDCREQUESTURI' });
    url.searchParams.set('api-version', '7.1-preview.1');
    return ask({ name, url, bearer: bearer ?? '', field: 'oidcToken', method: 'POST', remedy }, asking);
  };
  return {
    lacks: 'Azure Pipelines: SYSTEM_OIDCREQUESTURI and SYSTEM_ACCESSTOKEN',
    remedy: is(environment, 'TF_BUILD') ? remedy : undefined,
    source: address && bearer ? { name, takesAudience: false, isFixed: false, get } : undefined,
  };
}

// https://circleci.com/docs/openid-connect-tokens/; its audience is the organization. Others are for its own program to make.
function circle(environment: Environment): Place {
  const text = readVariable(environment, 'CIRCLE_OIDC_TOKEN_V2');
  return {
    lacks: 'CircleCI: CIRCLE_OIDC_TOKEN_V2',
    remedy: is(environment, 'CIRCLECI')
      ? 'Jobs of CircleCI have CIRCLE_OIDC_TOKEN_V2 by themselves, except for those of forks; local runs have none.'
      : undefined,
    source: text === undefined ? undefined : { ...fixed('CIRCLE_OIDC_TOKEN_V2', text), takesAudience: false },
  };
}

// https://docs.gitlab.com/ci/secrets/id_token_authentication/; the name of the variable is the job's choice.
function gitlab(environment: Environment): Place {
  return {
    lacks: 'GitLab: CINC_SCAN_ID_TOKEN, which the job defines',
    remedy: is(environment, 'GITLAB_CI')
      ? 'Define it in the job: `id_tokens: { CINC_SCAN_ID_TOKEN: { aud: … } }` with the address of the service as audience; or name another variable with --id-token-variable.'
      : undefined,
    source: undefined,
  };
}

interface Question {
  name: string;
  url: URL;
  bearer: string;
  method?: Call['method'];
  /** Of the answer, which is a JSON object. */
  field: string;
  remedy: string;
}

/** A token of the job goes there: to nobody on the way. */
function addressOf(text: string, { name, variable }: { name: string; variable: string }): URL {
  const url = URL.parse(text);
  if (url !== null && isClosedLine(url)) return url;
  throw new ScanError('ID_TOKEN_UNAVAILABLE', `${name}: ${variable} is not an address of https`);
}

const attempts = 4;
const firstPauseMs = 250;
const settings = { timeoutMs: 15_000, mostBytes: 65_536 };

async function ask(
  { name, url, bearer, method = 'GET', field, remedy }: Question,
  { environment, signal, pause }: Asking,
): Promise<string> {
  const headers = { accept: 'application/json', authorization: `Bearer ${bearer}` };
  for (let attempt = 1; ; attempt++) {
    const answer = await call({ method, url, headers }, { ...settings, environment, signal });
    signal?.throwIfAborted();
    if (isSuccess(answer)) return fieldOf(answer, { name, field });
    if (attempt === attempts || !mayPass(answer))
      throw new ScanError('ID_TOKEN_UNAVAILABLE', `${name} gave the job no ID token: ${problemOf(answer)}`, { remedy });
    await pause(firstPauseMs * 2 ** attempt);
  }
}

function fieldOf(answer: CallAnswer & { kind: 'answered' }, { name, field }: Pick<Question, 'name' | 'field'>): string {
  try {
    const fields = z.record(z.string(), z.unknown()).parse(parseJsonText(answer.body));
    return z.string().min(1).parse(fields[field]);
  } catch {
    // What it says instead may hold the token.
    throw new ScanError('ID_TOKEN_UNAVAILABLE', `${name} gave the job no ID token: its answer has no ${field}`);
  }
}
