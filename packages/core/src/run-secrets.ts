// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import type { AuditInputs } from './engine/index.ts';
import type { PreparedProfile } from './profile/index.ts';
import { type Access, Secret, Secrets } from './request/index.ts';
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
      for (const text of filesOf(access)) secrets.registerKubeconfig(text);
      break;
    case 'in-cluster':
      secrets.register(...readSecret(accountToken));
      break;
  }
  return secrets;
}

const filesOf = ({ path }: Access & { kind: 'file' }): Secret[] =>
  path.split(delimiter).flatMap(each => (each === '' ? [] : readSecret(each)));

function readSecret(path: string): Secret[] {
  try {
    return [new Secret(readFileSync(path, 'utf8'))];
  } catch {
    return []; // whoever connects with it says that it cannot be read
  }
}

/** Values given for inputs that a profile declares as sensitive. */
export function sensitiveValues(profiles: PreparedProfile[], { input }: AuditInputs): Secret[] {
  const names = new Set(
    profiles.flatMap(({ known }) => known.known_inputs.flatMap(each => (each.sensitive ? [each.name] : []))),
  );
  return input.flatMap(pair => {
    const at = pair.indexOf('=');
    return names.has(pair.slice(0, at)) ? [new Secret(pair.slice(at + 1))] : [];
  });
}
