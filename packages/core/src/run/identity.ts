// SPDX-License-Identifier: Apache-2.0
// The identity's life in single steps, for platforms that split a scan and for people who run the auditor themselves.
import { dump } from 'js-yaml';
import type { Connection } from '../cluster/index.ts';
import { ScanError, toScanError } from '../errors/index.ts';
import {
  admitAll,
  findLeftovers,
  Grant,
  type GrantObject,
  type Leftover,
  type Leftovers,
  objectText,
  operatorRules,
  parseGrantKubeconfig,
  previewGrant,
  revokeObjects,
  type SweepRequest,
  sweep,
  verifyPowerless,
} from '../grant/index.ts';
import { plan, type Target } from '../plan/index.ts';
import type { Secret } from '../request/index.ts';
import { grantListener, toGrantRequest } from './grant-events.ts';
import { type ClusterDeps, openCluster } from './open-cluster.ts';
import type { IdentityRequest } from './scan-request.ts';

/** A grant that was made and is left standing for somebody to use. */
export interface Issued {
  runId: string;
  expiresAt: string | undefined;
  objects: GrantObject[];
  targets: Target[];
  kubeconfig: Secret;
}

/**
 * Makes a grant, hands it over and leaves it; `revokeGrant` or `sweepGrants` takes it back. One that could not be handed
 * over is of use to nobody, and is taken back here.
 */
export async function issueGrant(
  request: IdentityRequest,
  deps: ClusterDeps,
  handOver: (issued: Issued) => Promise<void>,
): Promise<void> {
  using operator = await openCluster(deps);
  const targets = await planAll(operator.connection, request);
  const asked = toGrantRequest(request, request.durationSeconds, deps);
  await admitAll(operator.connection, targets, { ...asked, access: 'grant' });
  const grant = await Grant.make(operator.connection, targets, asked);
  const { expiresAt, objects } = grant;
  try {
    await handOver({ runId: request.runId, expiresAt, objects, targets, kubeconfig: grant.kubeconfig() });
    deps.signal?.throwIfAborted();
  } catch (error) {
    const failure = toScanError(error, 'GRANT_FAILED', 'The grant could not be handed over');
    const names = objects.map(objectText).join(', ');
    throw await grant.giveUp(
      new ScanError(failure.code, `${failure.message}; so the grant was taken back: ${names}`, {
        cause: error,
        remedy: failure.remedy,
      }),
    );
  }
}

/** The YAML of the objects `issueGrant` would make; nothing is made. */
export async function previewIssue(request: IdentityRequest, deps: ClusterDeps): Promise<string> {
  using operator = await openCluster(deps);
  return previewGrant(
    await planAll(operator.connection, request),
    toGrantRequest(request, request.durationSeconds, deps),
  );
}

export interface RevokeRequest {
  /** Namespaces of the grant; the context's unless told. */
  namespaces: string[];
  /** Told, or read from the kubeconfig. */
  runId: string | undefined;
  /** Wait until the token is not even authenticated any more. */
  waitDead: boolean;
  /** The kubeconfig that `issueGrant` gave: then its token is tried. */
  kubeconfig: Secret | undefined;
}

interface Revoked {
  deleted: Leftover[];
  /** How many tokens were tried, and refused. */
  tried: number;
  /** Those that could not be tried, since the kubeconfig names no pod for them. */
  untried: number;
}

/** Takes a grant back and, where its token is known, makes sure that it is powerless. */
export async function revokeGrant(request: RevokeRequest, deps: ClusterDeps): Promise<Revoked> {
  using operator = await openCluster(deps);
  const { connection } = operator;
  const written = request.kubeconfig === undefined ? undefined : parseGrantKubeconfig(request.kubeconfig);
  const runId = request.runId ?? written?.runId;
  if (runId === undefined) throw new ScanError('USAGE', 'Neither a run id nor the kubeconfig of a grant was given');
  const users = written?.users ?? [];
  const namespaces = namespacesOf(connection, [
    ...request.namespaces,
    ...users.flatMap(user => [user.namespace, user.accountNamespace]),
  ]);
  const target: SweepRequest = { namespaces, wholeCluster: false, runId, olderThanSeconds: undefined, now: new Date() };
  const { due: deleted } = await sweep(connection.cluster, target, grantListener(deps).onDeleted);
  // A pod that the token was never good for would be refused all the same; only a dead token is told without one.
  const known = users.filter(({ pods }) => pods.length > 0 || request.waitDead);
  for (const { namespace, pods, token } of known)
    await verifyPowerless(connection.withToken(token), { namespace, pod: pods[0] ?? 'any', dead: request.waitDead });
  return { deleted, tried: known.length, untried: users.length - known.length };
}

function namespacesOf(connection: Connection, named: string[]): string[] {
  return named.length > 0 ? [...new Set(named)] : [connection.namespace];
}

/**
 * Takes objects back by their names alone, for whoever kept notes of what a run was about to make: nothing is listed.
 * Names that were never used, or are free again, are fine.
 */
export async function revokeNamed(objects: GrantObject[], deps: ClusterDeps): Promise<void> {
  using operator = await openCluster(deps);
  await revokeObjects(operator.connection.cluster, objects, grantListener(deps).onDeleted);
}

/** Deletes what runs that were killed have left. With `dryRun` it only says what. */
export async function sweepGrants(request: SweepRequest & { dryRun: boolean }, deps: ClusterDeps): Promise<Leftovers> {
  using operator = await openCluster(deps);
  const { connection } = operator;
  const wanted: SweepRequest = { ...request, namespaces: namespacesOf(connection, request.namespaces) };
  return request.dryRun
    ? await findLeftovers(connection.cluster, wanted)
    : await sweep(connection.cluster, wanted, grantListener(deps).onDeleted);
}

/** The smallest Role an operator needs in a namespace, as YAML. */
export function operatorRole(name: string, namespace: string): string {
  return dump(
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules: operatorRules() },
    { lineWidth: -1, flowLevel: 3, noRefs: true },
  );
}

async function planAll(connection: Connection, { plan: wanted }: IdentityRequest): Promise<Target[]> {
  const namespaces = namespacesOf(connection, wanted.namespaces);
  const { targets, unplanned } = await plan(connection.cluster, { ...wanted, namespaces });
  const [missing] = unplanned;
  if (missing !== undefined) throw missing.error;
  if (targets.length === 0) throw new ScanError('NO_TARGETS', 'The selectors match no running container');
  return targets;
}
