// SPDX-License-Identifier: Apache-2.0

import type { ScanError } from '../errors/index.ts';
import type { Target } from '../plan/index.ts';
import type { ProfileRef } from '../profile/index.ts';
import { untilDeadline } from './cancel.ts';
import { ClusterSite } from './cluster-site.ts';
import { Run } from './run.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

/** What a scan would do. */
export interface Preview {
  targets: Target[];
  /** With which profiles each. */
  profiles: Map<Target, ProfileRef[]>;
  /** Why what was named could not be scanned. */
  problems: ScanError[];
  /** The objects it would make, and take back, as YAML; undefined with `access: existing` and without targets. */
  identity: string | undefined;
}

/** Checks profile and cluster and plans, as a scan does; makes nothing and looks into nothing. */
export async function previewScan(request: ScanRequest, given: Deps): Promise<Preview> {
  using ends = untilDeadline(request.deadlineMs, given.signal);
  await using run = await Run.start(request, { ...given, signal: ends.signal }, known =>
    ClusterSite.connect(request, known),
  );
  const plan = await run.plan();
  const { assigned, refused } = await run.preview(plan);
  const targets = [...assigned.keys()];
  return {
    targets,
    profiles: new Map([...assigned].map(([target, profiles]) => [target, profiles.map(({ ref }) => ref)])),
    problems: [...refused, ...plan.unplanned].map(({ error }) => error),
    identity: run.site.previewGrant(targets),
  };
}
