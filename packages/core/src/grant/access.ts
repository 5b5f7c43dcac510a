// SPDX-License-Identifier: Apache-2.0
import type { Connection } from '../cluster/index.ts';
import { isScanError, type ScanError } from '../errors/index.ts';
import type { Target } from '../plan/index.ts';
import { Grant, type GrantRequest } from './grant.ts';
import { podsByNamespace, type Rule, scannerRules, toPermissions } from './objects.ts';
import { operatorPermissions, requirePermissions } from './operator.ts';
import type { ScannerAccess } from './scanner-access.ts';

export type AccessRequest = GrantRequest & { access: 'grant' | 'existing' };

/** Targets in namespaces where the rights do not suffice, with what is missing there. */
export interface RefusedTarget {
  target: Target;
  error: ScanError;
}

/** Which targets an identity can be had for: one namespace without rights does not keep the others from being looked at. */
export async function admit(
  { cluster }: Connection,
  targets: Target[],
  { access, accountNamespace }: AccessRequest,
): Promise<{ admitted: Target[]; refused: RefusedTarget[] }> {
  const forbidden = new Map<string, ScanError>();
  for (const [namespace, pods] of podsByNamespace(targets)) {
    const who = access === 'grant' ? 'The operator' : 'The given identity';
    const wanted =
      access === 'grant'
        ? operatorPermissions({ namespace, pods, accountNamespace })
        : toPermissions(scannerRules(pods), namespace);
    const error = await lacking(requirePermissions(cluster, wanted, who));
    if (error !== undefined) forbidden.set(namespace, error);
  }
  const refused = targets.flatMap(target => {
    const error = forbidden.get(target.namespace);
    return error === undefined ? [] : [{ target, error }];
  });
  return { admitted: targets.filter(({ namespace }) => !forbidden.has(namespace)), refused };
}

/** The same for who needs all of them. */
export async function admitAll(operator: Connection, targets: Target[], request: AccessRequest): Promise<void> {
  const [first] = (await admit(operator, targets, request)).refused;
  if (first !== undefined) throw first.error;
}

async function lacking(required: Promise<void>): Promise<ScanError | undefined> {
  try {
    await required;
    return undefined;
  } catch (error) {
    if (isScanError(error) && error.code === 'CLUSTER_FORBIDDEN') return error;
    throw error;
  }
}

/** A fresh identity for exactly these targets, which were admitted, or the given one. */
export async function openAccess(
  operator: Connection,
  targets: Target[],
  request: AccessRequest,
): Promise<ScannerAccess> {
  if (request.access === 'grant') return Grant.make(operator, targets, request);
  const require = (rules: Rule[], namespace: string) =>
    requirePermissions(operator.cluster, toPermissions(rules, namespace), 'The given identity');
  return {
    kind: 'existing',
    objects: [],
    expiresAt: undefined,
    scannerFor: () => operator.cluster,
    extend: target => require(scannerRules([target.pod]), target.namespace),
    allowDebug: target => require(scannerRules([target.pod], [target.pod]), target.namespace),
    revoke: () => Promise.resolve(),
  };
}
