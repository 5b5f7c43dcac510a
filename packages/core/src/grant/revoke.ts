// SPDX-License-Identifier: Apache-2.0
import { apiPath, type Cluster, toRefusal } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { type GrantKind, type GrantObject, grantKinds } from './objects.ts';

// The binding first: without it the token is powerless within a tenth of a second, whatever happens to the rest.
const order: GrantKind[] = ['RoleBinding', 'Role', 'ServiceAccount'];

/** Deletes the objects of a grant and makes sure that they are gone. Those that never were, or went before, are fine. */
export async function revokeObjects(
  operator: Cluster,
  objects: GrantObject[],
  onDeleted: (object: GrantObject) => void,
): Promise<void> {
  const problems: string[] = [];
  for (const object of objects.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
    const answer = await operator.send({ method: 'DELETE', path: pathOf(object) });
    if (answer.status === 200 || answer.status === 202) onDeleted(object);
    else if (answer.status !== 404) problems.push(toRefusal(answer, `delete ${objectText(object)}`).message);
  }
  const left = await Promise.all(objects.map(object => isStillThere(operator, object)));
  problems.push(...objects.filter((_, index) => left[index]).map(object => `${objectText(object)} is still there`));
  if (problems.length > 0)
    throw new ScanError('GRANT_NOT_REVOKED', `The grant could not be taken back: ${problems.join('; ')}`);
}

export const objectText = ({ kind, namespace, name }: GrantObject): string => `${kind} ${namespace}/${name}`;

function pathOf({ kind, namespace, name }: GrantObject): string {
  const { base, resource } = grantKinds[kind];
  return apiPath(base, 'namespaces', namespace, resource, name);
}

const goneMs = 10_000;

async function isStillThere(operator: Cluster, object: GrantObject): Promise<boolean> {
  const until = Date.now() + goneMs;
  for (;;) {
    const { status } = await operator.send({ method: 'GET', path: pathOf(object) });
    if (status === 404) return false;
    if (Date.now() > until) return true;
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

export interface Proof {
  namespace: string;
  pod: string;
  /** Wait until the token is not even authenticated: up to ten seconds more, for the server's cache. */
  dead?: boolean;
}

const powerlessMs = 10_000;
const deadMs = 15_000;

/** Uses the token for what it could do a moment ago: 403 proves it powerless, 401 dead. */
export async function verifyPowerless(scanner: Cluster, { namespace, pod, dead = false }: Proof): Promise<void> {
  const until = Date.now() + (dead ? deadMs : powerlessMs);
  const path = apiPath('api/v1/namespaces', namespace, 'pods', pod);
  for (;;) {
    const { status } = await scanner.send({ method: 'GET', path });
    if (status === 401 || (status === 403 && !dead)) return;
    if (Date.now() > until)
      throw new ScanError(
        'GRANT_NOT_REVOKED',
        `The revoked token is still answered with ${status} for pod ${namespace}/${pod}`,
      );
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}
