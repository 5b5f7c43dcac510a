// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { PreparedProfile } from '../profile/index.ts';
import { decodeText, Secret, Secrets } from '../request/index.ts';
import type { Deps } from './scan-request.ts';

// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const accountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** What the run was given to keep: the operator's credentials. Tokens that it is given later are registered then. */
export function secretsOf({
  secrets = new Secrets(),
  access,
  token,
}: Pick<Deps, 'secrets' | 'access' | 'token'>): Secrets {
  if (typeof token !== 'function') secrets.register(token); // one that is fetched is registered by who fetches it
  switch (access.kind) {
    case 'content':
      secrets.registerKubeconfig(access.content);
      break;
    case 'file':
    case 'list':
      for (const path of access.kind === 'file' ? [access.path] : access.paths)
        for (const text of readSecret(path)) secrets.registerKubeconfig(text);
      break;
    case 'in-cluster':
      secrets.register(...readSecret(accountToken));
      break;
  }
  return secrets;
}

function readSecret(path: string): Secret[] {
  try {
    return [new Secret(decodeText(readFileSync(path)))];
  } catch {
    return []; // whoever connects with it says that it cannot be read
  }
}

/** What was set, by any road, for inputs that a profile declares as sensitive. */
export const sensitiveValues = (profiles: PreparedProfile[]): Secret[] =>
  profiles.flatMap(({ known }) => known.secrets);
