// SPDX-License-Identifier: Apache-2.0
import {
  type GithubInputName,
  type GithubValues,
  githubInputs,
  inputNames,
  makeRunId,
  nearestInput,
  type Raw,
  readConfigFile,
  resolveGithubInputs,
  resolveValues,
  ScanError,
  type ScanRequest,
  Secrets,
  toScanRequest,
  type Values,
} from '@cinc-scan/core';
import { forgetSecretInputs, maskSecrets, stepSecrets } from './mask.ts';

export type Environment = Record<string, string | undefined>;

/** What the workflow asked for. */
export interface Asked {
  values: Values;
  /** The inputs that only the Action has. */
  own: GithubValues;
  request: ScanRequest;
  secrets: Secrets;
  environment: Environment;
}

/** Reads and checks every input; what is secret in them is masked in the log before anything else is said. */
export function ask(environment: Environment): Asked {
  const { values, own, secrets } = readStep(environment);
  if (own.audience !== undefined && values.token !== undefined)
    throw new ScanError('INPUT_INVALID', 'audience: expected none beside token, since both say who signs in');
  const request = toScanRequest(withReports({ ...values, 'run-id': values['run-id'] ?? runIdOf(environment) }, own));
  return { values: { ...values, 'run-id': request.runId }, own, request, secrets, environment };
}

/** The inputs alone, for whoever only signs in. */
export function readStep(environment: Environment): Pick<Asked, 'values' | 'own' | 'secrets'> {
  const step = stepInputs(environment);
  refuseUnknown(Object.keys(step));
  const shared = Object.fromEntries(Object.entries(step).filter(([name]) => !isOwn(name)));
  const own = resolveGithubInputs(step);
  const secrets = stepSecrets(environment, own);
  maskSecrets(secrets);
  const file = readConfigFile(environment['CINC_SCAN_CONFIG']);
  const values = resolveValues({ flags: {}, step: shared, environment, file });
  forgetSecretInputs(environment);
  maskSecrets(secrets);
  return { values, own, secrets };
}

/** The runner passes `fail-on` as INPUT_FAIL-ON, also when it is not in action.yml. */
function stepInputs(environment: Environment): Raw {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([key, value]) =>
      key.startsWith('INPUT_') ? [[key.slice('INPUT_'.length).toLowerCase(), value]] : [],
    ),
  );
}

const ownNames = Object.keys(githubInputs);
const isOwn = (name: string): name is GithubInputName => ownNames.includes(name);

function refuseUnknown(names: string[]): void {
  const known: string[] = [...inputNames, ...ownNames];
  const unknown = names.filter(name => !known.includes(name));
  if (unknown.length === 0) return;
  const hints = unknown.map(name => nearestInput(name, known));
  throw new ScanError(
    'INPUT_UNKNOWN',
    `The step has no input ${unknown.map(name => JSON.stringify(name)).join(', ')}; did you mean ${hints.join(', ')}?`,
    { remedy: 'Remove it or correct its name; docs/github-action-inputs.md lists the inputs.' },
  );
}

/** Code scanning takes a report that has to be written first. */
function withReports(values: Values, own: GithubValues): Values {
  const isWritten = values.reports.some(spec => /^sarif(:|$)/.test(spec));
  return own['upload-sarif'] && !isWritten ? { ...values, reports: [...values.reports, 'sarif'] } : values;
}

/** Tells whoever finds an object in the cluster which run made it; jobs of a matrix share all but the end. */
function runIdOf(environment: Environment): string {
  const digits = (name: string) => (/^\d{1,20}$/.exec(environment[name] ?? '')?.[0] ?? '0').slice(-14);
  return `gh-${digits('GITHUB_RUN_ID')}-${digits('GITHUB_RUN_ATTEMPT').slice(-3)}-${makeRunId().slice(0, 6)}`;
}
