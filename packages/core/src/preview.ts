// SPDX-License-Identifier: Apache-2.0
import type { ScanError } from './errors/index.ts';
import type { Target } from './plan/index.ts';
import { Run } from './run.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

/** What a scan would do. */
export interface Preview {
  targets: Target[];
  /** Why what was named could not be scanned. */
  problems: ScanError[];
  /** The objects it would make, and take back, as YAML; undefined with `access: existing` and without targets. */
  identity: string | undefined;
}

/** Checks profile and cluster and plans, as a scan does; makes nothing and looks into nothing. */
export async function previewScan(request: ScanRequest, deps: Deps): Promise<Preview> {
  await using run = await Run.start(request, deps);
  const plan = await run.plan();
  return {
    targets: plan.targets,
    problems: plan.unplanned.map(({ error }) => error),
    identity: request.access === 'grant' && plan.targets.length > 0 ? run.previewGrant(plan) : undefined,
  };
}
