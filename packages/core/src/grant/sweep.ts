// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiPath, type Cluster, parseAnswer } from '../cluster/index.ts';
import { expiryAnnotation, type GrantKind, type GrantObject, grantKinds, managedBy, runLabel } from './objects.ts';
import { revokeObjects } from './revoke.ts';

export interface SweepRequest {
  namespaces: string[];
  /** Everywhere, which takes a right to list in the whole cluster. */
  wholeCluster: boolean;
  /** Only this run, expired or not. */
  runId: string | undefined;
  /** Also what is older than this, seconds, whatever it says of its own end. */
  olderThanSeconds: number | undefined;
  now: Date;
}

/** An object of a grant that was left behind. */
export interface Leftover extends GrantObject {
  runId: string;
  expiresAt: string | undefined;
  created: string;
}

const list = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        namespace: z.string(),
        creationTimestamp: z.string(),
        labels: z.record(z.string(), z.string()).nullish(),
        annotations: z.record(z.string(), z.string()).nullish(),
      }),
    }),
  ),
});

export interface Leftovers {
  /** What a sweep deletes: only objects with our labels, and of those only what nobody can need any more. */
  due: Leftover[];
  /** What was looked at and is still in use by its own word, or left behind by a run that was killed a moment ago. */
  living: Leftover[];
}

export async function findLeftovers(operator: Cluster, request: SweepRequest): Promise<Leftovers> {
  const scopes = request.wholeCluster ? [undefined] : request.namespaces;
  const kinds: GrantKind[] = ['RoleBinding', 'Role', 'ServiceAccount'];
  const found = await Promise.all(scopes.flatMap(namespace => kinds.map(kind => listOurs(operator, kind, namespace))));
  const all = found.flat();
  const due = all.filter(leftover => isDue(leftover, request));
  return { due, living: request.runId === undefined ? all.filter(leftover => !due.includes(leftover)) : [] };
}

export async function sweep(
  operator: Cluster,
  request: SweepRequest,
  onDeleted: (object: GrantObject) => void,
): Promise<Leftovers> {
  const found = await findLeftovers(operator, request);
  await revokeObjects(operator, found.due, onDeleted);
  return found;
}

async function listOurs(operator: Cluster, kind: GrantKind, namespace: string | undefined): Promise<Leftover[]> {
  const { base, resource } = grantKinds[kind];
  const path = namespace === undefined ? apiPath(base, resource) : apiPath(base, 'namespaces', namespace, resource);
  const what = `${resource} of cinc-scan ${namespace === undefined ? 'in the cluster' : `in namespace "${namespace}"`}`;
  // Both labels: what somebody else marked as managed by cinc-scan, such as a Role for its operators, is of no run.
  const query = { labelSelector: `${managedBy.label}=${managedBy.value},${runLabel}` };
  const { items } = parseAnswer(await operator.call({ method: 'GET', path, query }, what), list, what);
  return items.map(({ metadata }) => ({
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    runId: metadata.labels?.[runLabel] ?? '',
    expiresAt: metadata.annotations?.[expiryAnnotation],
    created: metadata.creationTimestamp,
  }));
}

/** Without a readable end of its own an object is due: ours always have one. */
function isDue({ runId, expiresAt, created }: Leftover, request: SweepRequest): boolean {
  if (request.runId !== undefined) return runId === request.runId;
  const now = request.now.getTime();
  const isOld = request.olderThanSeconds !== undefined && now - Date.parse(created) >= request.olderThanSeconds * 1000;
  const end = Date.parse(expiresAt ?? '');
  return isOld || Number.isNaN(end) || end <= now;
}
