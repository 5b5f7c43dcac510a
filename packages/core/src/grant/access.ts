// SPDX-License-Identifier: Apache-2.0
import type { Cluster, Connection } from '../cluster/index.ts';
import type { Target } from '../plan/index.ts';
import { Grant, type GrantRequest } from './grant.ts';
import { type GrantObject, podsByNamespace, type Rule, scannerRules, toPermissions } from './objects.ts';
import { requirePermissions } from './operator.ts';

/** The identity that looks into containers, however it came about. */
export interface ScannerAccess {
  readonly kind: 'grant' | 'existing';
  readonly objects: GrantObject[];
  readonly expiresAt: string | undefined;
  scannerFor(namespace: string): Promise<Cluster>;
  /** Lets the identity into a pod that took the place of a planned one. */
  extend(target: Target): Promise<void>;
  /** Lets the identity put a debug container into the pod of a target. */
  allowDebug(target: Target): Promise<void>;
  /** Takes back what was made; nothing for an identity that was given. */
  revoke(): Promise<void>;
}

/** A fresh identity for exactly these targets, or the given one once it is known to suffice. */
export async function openAccess(
  operator: Connection,
  targets: Target[],
  request: GrantRequest & { access: 'grant' | 'existing' },
): Promise<ScannerAccess> {
  if (request.access === 'grant') return Grant.make(operator, targets, request);
  const wanted = [...podsByNamespace(targets)].flatMap(([namespace, pods]) =>
    toPermissions(scannerRules(pods), namespace),
  );
  await requirePermissions(operator.cluster, wanted, 'The given identity');
  const require = (rules: Rule[], namespace: string) =>
    requirePermissions(operator.cluster, toPermissions(rules, namespace), 'The given identity');
  return {
    kind: 'existing',
    objects: [],
    expiresAt: undefined,
    scannerFor: () => Promise.resolve(operator.cluster),
    extend: target => require(scannerRules([target.pod]), target.namespace),
    allowDebug: target => require(scannerRules([target.pod], [target.pod]), target.namespace),
    revoke: () => Promise.resolve(),
  };
}
