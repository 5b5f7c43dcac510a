// SPDX-License-Identifier: Apache-2.0
import type { Cluster } from '../cluster/index.ts';
import type { Target } from '../plan/index.ts';
import type { GrantObject } from './objects.ts';

/** The identity that looks into containers, however it came about. */
export interface ScannerAccess {
  readonly kind: 'grant' | 'existing';
  readonly objects: GrantObject[];
  readonly expiresAt: string | undefined;
  scannerFor(namespace: string): Cluster;
  /** Lets the identity into a pod that took the place of a planned one. */
  extend(target: Target): Promise<void>;
  /** Lets the identity put a debug container into the pod of a target. */
  allowDebug(target: Target): Promise<void>;
  /** Takes back what was made; nothing for an identity that was given. */
  revoke(): Promise<void>;
}
