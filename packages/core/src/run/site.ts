// SPDX-License-Identifier: Apache-2.0
import type { Connection } from '../cluster/index.ts';
import type { ScanError } from '../errors/index.ts';
import type { LensRequest, OpenTarget } from '../lens/index.ts';
import type { LensName } from '../outcome/index.ts';
import type { MissingTarget, Plan, Target } from '../plan/index.ts';
import type { ReportModel } from '../report/index.ts';

/** A target that is not looked at, and why. */
export interface Left {
  target: Target | MissingTarget;
  error: ScanError;
}

/** Where a run takes place: a cluster, by an identity that is made or given, or the pod that the run is in. */
export interface Site extends Disposable {
  /** Undefined where no cluster is asked. */
  readonly connection: Connection | undefined;
  /** What is odd about the place. */
  readonly warnings: readonly string[];
  readonly lens: LensName | 'auto';
  /** Whatever was asked for, as it was named. */
  asked(): MissingTarget[];
  plan(): Promise<Plan>;
  /** The targets that no identity can be had for. */
  refused(targets: Target[]): Promise<Left[]>;
  enter(targets: Target[]): Promise<WayIn>;
  /** Why what was made could not be taken back, if it could not. */
  readonly notRevoked: ScanError | undefined;
  /** As reports show it. */
  describe(): Promise<Pick<ReportModel, 'cluster' | 'grant'>>;
}

/** The way into the planned targets, while it is open. */
export interface WayIn {
  open(target: Target, request: Omit<LensRequest, 'allowDebug'>): Promise<OpenTarget>;
  /** The target that took the place of one, ready to be looked into; undefined if there is none. */
  replace(target: Target): Promise<Target | undefined>;
  /** Takes back what was made; that it cannot is told by the site. */
  leave(): Promise<void>;
}
