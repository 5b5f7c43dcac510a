// SPDX-License-Identifier: Apache-2.0

import type { Ask } from '../domain/ask.ts';
import { type Ending, Leases } from '../queue/leases.ts';
import type { TeamCaller } from '../store/teams.ts';
import { keepTestReports, type TestReport } from './reports.ts';
import type { TestStore } from './stores.ts';
import { submit } from './world.ts';

/** A scan from its request to its verdict, as a runner would have it; whatever else waits is cancelled. */
export async function finishScan(
  parts: TestStore,
  by: TeamCaller,
  { ask, verdict, reports }: { ask: Ask; verdict: 'pass' | 'fail'; reports: TestReport[] },
): Promise<string> {
  const leases = new Leases(parts);
  const { id } = await submit(parts, by, ask);
  const ending: Ending = {
    kind: 'judged',
    verdict,
    reason: verdict === 'pass' ? 'met' : 'compliance',
    exitCode: verdict === 'pass' ? 0 : 3,
    counts: {},
    failure: undefined,
    mayPass: false,
    reports: await keepTestReports(parts, reports),
  };
  for (;;) {
    const lease = await leases.take('a test');
    if (lease === undefined) throw new Error('the scan is not in the queue');
    await leases.end(lease, lease.scan === id ? ending : { kind: 'cancelled' });
    if (lease.scan === id) return id;
  }
}
