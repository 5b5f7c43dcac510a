// SPDX-License-Identifier: Apache-2.0
import { problemOf } from '@cinc-scan/core';
import { callGithub } from './github-call.ts';
import { NotHere } from './not-here.ts';
import type { AskedStep } from './step-request.ts';

export interface ApiAnswer {
  status: number;
  body: unknown;
}

export type Api = (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown) => Promise<ApiAnswer>;

/** GitHub's REST API, of whichever server this run belongs to; proxies of the runner are honoured. */
export function githubApi({ own, environment }: Pick<AskedStep, 'own' | 'environment'>): Api {
  const token = own['github-token'];
  if (token === undefined) throw new NotHere('There is no github-token.');
  const server = environment['GITHUB_API_URL'] ?? 'https://api.github.com';
  return async (method, path, body) => {
    const headers = {
      'user-agent': 'cinc-scan', // GitHub answers nobody who has none
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token.reveal()}`,
      'x-github-api-version': '2022-11-28',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const url = new URL(`${server}${path}`);
    const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    const answer = await callGithub({ method, url, headers, ...sent }, environment);
    if (answer.kind === 'failed') throw new Error(`GitHub cannot be reached: ${problemOf(answer)}`);
    return { status: answer.status, body: parseBody(answer.body) };
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
export function repositoryPath({ environment }: Pick<AskedStep, 'environment'>): string {
  const name = environment['GITHUB_REPOSITORY'] ?? '';
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) throw new NotHere('This run does not belong to a repository.');
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
