// SPDX-License-Identifier: Apache-2.0
// Sees to schedules that are due. Any number of processes may: of each firing there is one row.
import { sql } from 'kysely';
import { repeat } from '../domain/repeat.ts';
import { workSignal } from '../store/signals.ts';
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
  if (count > 0) parts.store.signals.say(workSignal);
  return count;
}

/** The database's clock: replicas have clocks of their own. */
const nowOf = ({ store }: FiringParts): Promise<Date> =>
  store.asPlatform(async transaction => {
    const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(transaction);
    return rows[0]?.now ?? new Date();
  });

export function startSchedules(settings: SchedulerSettings): AsyncDisposable {
  const { idleMs = 1000, onError } = settings;
  const step = async () => {
    await fireDue(settings, await nowOf(settings), onError);
    return false;
  };
  return repeat({ step, idleMs, onError });
}
