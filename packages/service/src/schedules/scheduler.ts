// SPDX-License-Identifier: Apache-2.0
// Sees to schedules that are due. Any number of processes may: of each firing there is one row.
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { type FiringParts, findDue, fire } from './fire.ts';

export interface SchedulerSettings extends FiringParts {
  onError: (error: unknown) => void;
  idleMs?: number;
}

/** Fires what is due; gives how many did. One that fails keeps none of the others from it. */
export async function fireDue(parts: FiringParts, now: Date, onError: (error: unknown) => void): Promise<number> {
  const due = await parts.store.asPlatform(transaction => findDue(transaction, now));
  let count = 0;
  for (const schedule of due) {
    const hasFired = await fire(schedule, now, parts).catch((error: unknown) => onError(error));
    if (hasFired === true) count += 1;
  }
  return count;
}

/** The database's clock: replicas have clocks of their own. */
const nowOf = ({ store }: FiringParts): Promise<Date> =>
  store.asPlatform(async transaction => {
    const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(transaction);
    return rows[0]?.now ?? new Date();
  });

export class Scheduler implements AsyncDisposable {
  private readonly settings: SchedulerSettings;
  private readonly stopping = new AbortController();
  private readonly loop: Promise<void>;

  constructor(settings: SchedulerSettings) {
    this.settings = settings;
    this.loop = this.run();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const { idleMs = 1000, onError } = this.settings;
    while (!signal.aborted) {
      await this.pass().catch(onError);
      await pause(idleMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async pass(): Promise<void> {
    await fireDue(this.settings, await nowOf(this.settings), this.settings.onError);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }
}
