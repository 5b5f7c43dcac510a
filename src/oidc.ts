// SPDX-License-Identifier: Apache-2.0

import {
  type Environment,
  isSuccess,
  parseJsonText,
  problemOf,
  ScanError,
  Secret,
  type Secrets,
  toMessage,
} from '@cinc-scan/core';
import * as z from 'zod';
import { callGithub } from './github-call.ts';
import { maskSecrets } from './mask.ts';

// A token of GitHub's lives for five minutes, a scan may last an hour, and its revocation comes last.
const renewMs = 60_000;

/** Gives a token of the workflow for this audience, a fresh one whenever the last is about to end. */
export async function workflowToken(audience: string, signing: Signing): Promise<() => Promise<Secret>> {
  let token = await request(audience, signing);
  return async () => {
    if (endOf(token) - Date.now() < renewMs) token = await request(audience, signing);
    return token;
  };
}

interface Signing {
  secrets: Secrets;
  environment: Environment;
}

async function request(audience: string, { secrets, environment }: Signing): Promise<Secret> {
  try {
    const token = await idToken(audience, environment);
    secrets.register(token);
    maskSecrets(secrets);
    return token;
  } catch (error) {
    throw new ScanError(
      'CLUSTER_UNAUTHORIZED',
      `audience: GitHub did not issue an ID token for this job: ${toMessage(error)}`,
      {
        cause: error,
        remedy: 'Give the job `permissions: id-token: write`; runs from forks do not get it.',
      },
    );
  }
}

const given = z.object({ value: z.string().min(1) });

/** https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token */
async function idToken(audience: string, environment: Environment): Promise<Secret> {
  const address = environment['ACTIONS_ID_TOKEN_REQUEST_URL'] ?? '';
  const bearer = environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] ?? '';
  if (address === '' || bearer === '') throw new Error('the job is not allowed to ask for one');
  const url = new URL(address);
  url.searchParams.append('audience', audience);
  const headers = { 'user-agent': 'cinc-scan', accept: 'application/json', authorization: `Bearer ${bearer}` };
  const answer = await callGithub({ method: 'GET', url, headers }, environment);
  if (!isSuccess(answer)) throw new Error(problemOf(answer));
  return new Secret(given.parse(parseJsonText(answer.body)).value);
}

/** `exp` of the token, milliseconds; one that cannot be read is taken for ended, so that a fresh one is asked for. */
function endOf(token: Secret): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.reveal().split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null && 'exp' in claims ? Number(claims.exp) * 1000 : 0;
  } catch {
    return 0;
  }
}
