// SPDX-License-Identifier: Apache-2.0

import { getIDToken } from '@actions/core';
import { ScanError, Secret, type Secrets, toMessage } from '@cinc-scan/core';
import { maskSecrets } from './mask.ts';

// A token of GitHub's lives for five minutes, a scan may last an hour, and its revocation comes last.
const renewMs = 60_000;

/** Gives a token of the workflow for this audience, a fresh one whenever the last is about to end. */
export async function workflowToken(audience: string, secrets: Secrets): Promise<() => Promise<Secret>> {
  let token = await request(audience, secrets);
  return async () => {
    if (endOf(token) - Date.now() < renewMs) token = await request(audience, secrets);
    return token;
  };
}

async function request(audience: string, secrets: Secrets): Promise<Secret> {
  try {
    const token = new Secret(await getIDToken(audience));
    secrets.register(token);
    maskSecrets(secrets);
    return token;
  } catch (error) {
    throw new ScanError(
      'CLUSTER_UNAUTHORIZED',
      `audience: GitHub gives no token of the workflow: ${toMessage(error)}`,
      {
        cause: error,
        remedy: 'Give the job `permissions: id-token: write`; runs from forks do not get it.',
      },
    );
  }
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
