// SPDX-License-Identifier: Apache-2.0
import { apiPath, type Cluster, toRefusal } from '../cluster/index.ts';
import { ScanError, toMessage } from '../errors/index.ts';
import { type GrantKind, type GrantObject, objectText, pathOf } from './objects.ts';

// The binding first: without it the token is powerless within a tenth of a second, whatever happens to the rest.
const order: GrantKind[] = ['RoleBinding', 'Role', 'ServiceAccount'];

/** Deletes the objects of a grant and makes sure that they are gone. Those that never were, or went before, are fine. */
export async function revokeObjects(
  operator: Cluster,
  objects: GrantObject[],
  onDeleted: (object: GrantObject) => void,
): Promise<void> {
  const refusals = new Map<GrantObject, string>();
  for (const object of objects.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
    // A failure with one object is no reason to leave the others.
    const refusal = await remove(operator, object, onDeleted).catch(toMessage);
    if (refusal !== undefined) refusals.set(object, refusal);
  }
  const checked = await Promise.all(objects.map(object => whyLeft(operator, object, refusals.get(object))));
  const problems = checked.filter(problem => problem !== undefined);
  if (problems.length > 0)
    throw new ScanError('GRANT_NOT_REVOKED', `The grant could not be taken back: ${problems.join('; ')}`);
}

/** Why the server did not delete it, if it did not. */
async function remove(
  operator: Cluster,
  object: GrantObject,
  onDeleted: (object: GrantObject) => void,
): Promise<string | undefined> {
  const answer = await operator.send({ method: 'DELETE', path: pathOf(object) });
  if (answer.status === 200 || answer.status === 202) onDeleted(object);
  else if (answer.status !== 404) return toRefusal(answer, `delete ${objectText(object)}`).message;
  return undefined;
}

/** What is wrong if the object is not gone, whatever the delete was answered with. */
async function whyLeft(
  operator: Cluster,
  object: GrantObject,
  refusal: string | undefined,
): Promise<string | undefined> {
  try {
    if (!(await isStillThere(operator, object, refusal === undefined ? goneMs : collectedMs))) return undefined;
    return `${objectText(object)} is still there${refusal === undefined ? '' : ` (${refusal})`}`;
  } catch (error) {
    return `${objectText(object)} may still be there (${refusal ?? toMessage(error)})`;
  }
}

const goneMs = 10_000;
// Where its own delete was refused, the garbage collector may still take it after its owner.
const collectedMs = 2000;

async function isStillThere(operator: Cluster, object: GrantObject, waitMs: number): Promise<boolean> {
  const until = Date.now() + waitMs;
  for (;;) {
    const { status } = await operator.send({ method: 'GET', path: pathOf(object) });
    if (status === 404) return false;
    if (Date.now() >= until) return true;
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
