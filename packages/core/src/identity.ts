// SPDX-License-Identifier: Apache-2.0
// The identity's life in single steps, for platforms that split a scan and for people who run the auditor themselves.
import { dump } from 'js-yaml';
import { type Connection, connect } from './cluster/index.ts';
import { ScanError } from './errors/index.ts';
import {
  findLeftovers,
  Grant,
  type GrantObject,
  type GrantRequest,
  type Leftover,
  operatorRules,
  parseGrantKubeconfig,
  previewGrant,
  revokeObjects,
  type SweepRequest,
  sweep,
  verifyPowerless,
} from './grant/index.ts';
import { grantListener } from './grant-events.ts';
import { plan, type Target } from './plan/index.ts';
import type { Secret } from './request/index.ts';
import type { Deps, IdentityRequest } from './scan-request.ts';

type IdentityDeps = Pick<Deps, 'access' | 'context' | 'token' | 'signal' | 'emit' | 'secrets'>;

/** A grant that was made and is left standing for somebody to use. */
export interface Issued {
  runId: string;
  expiresAt: string | undefined;
  objects: GrantObject[];
  targets: Target[];
  kubeconfig: Secret;
}

/** Makes a grant and leaves it; `revokeGrant` or `sweepGrants` takes it back. */
export async function issueGrant(request: IdentityRequest, deps: IdentityDeps): Promise<Issued> {
  using operator = await open(deps);
  const targets = await planAll(operator.connection, request);
  const grant = await Grant.make(operator.connection, targets, toGrantRequest(request, deps));
  return {
    runId: request.runId,
    expiresAt: grant.expiresAt,
    objects: grant.objects,
    targets,
    kubeconfig: grant.kubeconfig(),
  };
}

/** The YAML of the objects `issueGrant` would make; nothing is made. */
export async function previewIssue(request: IdentityRequest, deps: IdentityDeps): Promise<string> {
  using operator = await open(deps);
  return previewGrant(await planAll(operator.connection, request), toGrantRequest(request, deps));
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

/** Takes a grant back and, where its token is known, makes sure that it is powerless. */
export async function revokeGrant(request: RevokeRequest, deps: IdentityDeps): Promise<Leftover[]> {
  using operator = await open(deps);
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
  const deleted = await sweep(connection.cluster, target, grantListener(deps).onDeleted);
  for (const { namespace, pods, token } of users)
    for (const pod of pods.slice(0, 1))
      await verifyPowerless(connection.withToken(token), { namespace, pod, dead: request.waitDead });
  return deleted;
}

function namespacesOf(connection: Connection, named: string[]): string[] {
  return named.length > 0 ? [...new Set(named)] : [connection.namespace];
}

/**
 * Takes objects back by their names alone, for whoever kept notes of what a run was about to make: nothing is listed.
 * Names that were never used, or are free again, are fine.
 */
export async function revokeNamed(objects: GrantObject[], deps: IdentityDeps): Promise<void> {
  using operator = await open(deps);
  await revokeObjects(operator.connection.cluster, objects, grantListener(deps).onDeleted);
}

/** Deletes what runs that were killed have left. With `dryRun` it only says what. */
export async function sweepGrants(
  request: SweepRequest & { dryRun: boolean },
  deps: IdentityDeps,
): Promise<Leftover[]> {
  using operator = await open(deps);
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

async function open({
  access,
  context,
  token,
  signal,
}: IdentityDeps): Promise<Disposable & { connection: Connection }> {
  const connection = await connect({ access, context, token, ...(signal && { signal }) });
  return { connection, [Symbol.dispose]: () => connection.close() };
}

async function planAll(connection: Connection, { plan: wanted }: IdentityRequest): Promise<Target[]> {
  const namespaces = namespacesOf(connection, wanted.namespaces);
  const { targets, unplanned } = await plan(connection.cluster, { ...wanted, namespaces });
  const [missing] = unplanned;
  if (missing !== undefined) throw missing.error;
  if (targets.length === 0) throw new ScanError('NO_TARGETS', 'The selectors match no running container');
  return targets;
}

function toGrantRequest(request: IdentityRequest, deps: IdentityDeps): GrantRequest {
  const { runId, durationSeconds, labels, accountNamespace } = request;
  return {
    runId,
    durationSeconds,
    runSeconds: durationSeconds,
    labels,
    accountNamespace,
    now: new Date(),
    ...grantListener(deps),
  };
}
