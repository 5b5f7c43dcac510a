// SPDX-License-Identifier: Apache-2.0
// Jobs of workers that died: they go once their attempt is over. Their Secrets are theirs, and go with them.
import type { Tickets } from '../../queue/tickets.ts';
import type { JobApi } from './job-api.ts';
import { nameOf } from './manifest.ts';

interface Sweeping {
  api: Pick<JobApi, 'list' | 'remove'>;
  tickets: Pick<Tickets, 'standing' | 'isKnown'>;
}

/** Gives how many went. */
export async function sweepJobs({ api, tickets }: Sweeping): Promise<number> {
  let count = 0;
  for (const job of await api.list()) {
    if ((await tickets.standing(job)).kind !== 'over') continue;
    // Of a scan that nobody here knows: another service may share the namespace, whose pod is not ours to end.
    if (!job.isFinished && !(await tickets.isKnown(job.scan))) continue;
    await api.remove(nameOf(job));
    count += 1;
  }
  return count;
}
