// SPDX-License-Identifier: Apache-2.0
import { HttpClient } from '@actions/http-client';
import type { Asked } from './ask.ts';
import { NotHere } from './not-here.ts';

export interface ApiAnswer {
  status: number;
  body: unknown;
}

export type Api = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown) => Promise<ApiAnswer>;

const timeoutMs = 30_000;

/** GitHub's REST API, of whichever server this run belongs to; proxies of the runner are honoured. */
export function githubApi({ own, environment }: Pick<Asked, 'own' | 'environment'>): Api {
  const token = own['github-token'];
  if (token === undefined) throw new NotHere('There is no github-token.');
  const server = environment['GITHUB_API_URL'] ?? 'https://api.github.com';
  const client = new HttpClient('cinc-scan', [], { allowRetries: true, maxRetries: 3, socketTimeout: timeoutMs });
  return async (method, path, body) => {
    const headers = {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token.reveal()}`,
      'x-github-api-version': '2022-11-28',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const answer = await client.request(
      method,
      `${server}${path}`,
      body === undefined ? '' : JSON.stringify(body),
      headers,
    );
    return { status: answer.message.statusCode ?? 0, body: parseBody(await answer.readBody()) };
  };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page; the status says enough
  }
}

/** The repository as a path of the API; its name comes from the runner. */
export function repositoryPath({ environment }: Pick<Asked, 'environment'>): string {
  const name = environment['GITHUB_REPOSITORY'] ?? '';
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) throw new NotHere('This run belongs to no repository.');
  return `/repos/${name}`;
}

/** What a refusal means: often that the token may not, which is how things are on forks. */
export function refuse({ status, body }: ApiAnswer, what: string, permission: string): never {
  const said = typeof body === 'object' && body !== null && 'message' in body ? `: ${String(body.message)}` : '';
  if (status === 403 || status === 404)
    throw new NotHere(
      `${what} was refused (${status}${said}). The job needs \`permissions: ${permission}\`; runs from forks and of Dependabot do not get it.`,
    );
  throw new Error(`${what} failed: GitHub answered ${status}${said}`);
}
