// SPDX-License-Identifier: Apache-2.0
// One firing: its row, the scan and its place in the queue come with one transaction, or none of them does.
import { isScanError } from '@cinc-scan/core';
import { sql } from 'kysely';
import { lastTime } from '../domain/cadence.ts';
import { delayMsOf } from '../domain/schedule.ts';
import { type AskingParts, askForScan } from '../queue/ask-for-scan.ts';
import { audit } from '../store/audit-log.ts';
import { cadenceOf, planOf, readScheduleAddress, type ScheduleRow } from '../store/schedules.ts';
import type { PlatformTransaction, Store, TeamTransaction } from '../store/store.ts';
import type { ScanFailure } from '../store/tables.ts';

export interface FiringParts extends AskingParts {
  store: Store;
  /** How long a scan waits for a runner at most, milliseconds. */
  longestWaitMs: number;
}

export interface DueSchedule {
  id: string;
  team: string;
  teamSlug: string;
}

/** More than clocks are corrected by now and then. */
const wentBackMs = 60_000;

const dueAtOnce = 500;

/** Those that are due, the longest first, and those that were planned by a clock which has gone back since. */
export const findDue = (transaction: PlatformTransaction, now: Date): Promise<DueSchedule[]> =>
  transaction
    .selectFrom('schedule')
    .innerJoin('team', 'team.id', 'schedule.team_id')
    .select(['schedule.id', 'team.id as team', 'team.slug as teamSlug'])
    .where('paused_at', 'is', null)
    .where(eb => eb.or([eb('due_at', '<=', now), eb('planned_at', '>', new Date(now.getTime() + wentBackMs))]))
    .orderBy('due_at')
    .limit(dueAtOnce)
    .execute();

/** Fires a schedule if nobody else does; whatever was missed counts as one firing, the last of them. */
export const fire = ({ id, team, teamSlug }: DueSchedule, now: Date, parts: FiringParts): Promise<boolean> =>
  parts.store.asTeam(team, async transaction => {
    const row = await takeRow(transaction, id);
    if (row?.nominal_at === undefined || row.nominal_at === null) return false;
    const timing = { cadence: cadenceOf(row), jitterSeconds: row.jitter_seconds };
    const until = new Date(now.getTime() - delayMsOf(id, row.jitter_seconds));
    const plan = transaction
      .updateTable('schedule')
      .set(planOf(id, timing, now))
      .where('id', '=', id);
    await plan.execute();
    if (row.nominal_at > until) return false; // the clock has gone back
    const at = lastTime(timing.cadence, { from: row.nominal_at, until });
    const missedSince = at > row.nominal_at ? row.nominal_at : null;
    if (!(await begin(transaction, { id, at, now, missedSince }))) return false;
    const outcome = await ask(transaction, { row, now, team, teamSlug }, parts);
    await finish(transaction, { id, at, outcome });
    await audit(transaction, {
      team,
      principal: null,
      action: 'schedule.fire',
      object: row.slug,
      detail: { ...outcome },
    });
    return true;
  });

const takeRow = (transaction: TeamTransaction, id: string): Promise<ScheduleRow | undefined> =>
  transaction
    .selectFrom('schedule')
    .selectAll()
    .where('id', '=', id)
    .where('paused_at', 'is', null)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();

interface Beginning {
  id: string;
  at: Date;
  now: Date;
  missedSince: Date | null;
}

/** false: it has fired for that time already, whoever saw to it and whatever clocks said then. */
async function begin(transaction: TeamTransaction, { id, at, now, missedSince }: Beginning): Promise<boolean> {
  const row = { schedule_id: id, at, fired_at: now, missed_since: missedSince, scan_id: null, error: null };
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('schedule_firing')
    .values({ ...row, outcome: 'skipped' })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

type Outcome =
  | { outcome: 'asked'; scan: string; joined: boolean }
  | { outcome: 'skipped'; scan: string }
  | { outcome: 'refused'; error: ScanFailure };

interface Fired {
  row: ScheduleRow;
  now: Date;
  team: string;
  teamSlug: string;
}

async function ask(transaction: TeamTransaction, fired: Fired, parts: FiringParts): Promise<Outcome> {
  const { row, now, team, teamSlug } = fired;
  const running = await runningScan(transaction, row.id);
  if (running !== undefined) return { outcome: 'skipped', scan: running };
  const caller = {
    kind: 'team',
    principal: row.made_by,
    name: '',
    team,
    teamSlug,
    role: 'scanner',
    scope: null,
  } as const;
  const deadline = new Date(now.getTime() + parts.longestWaitMs);
  const submission = { ask: row.ask, idempotencyKey: undefined, deadline };
  await sql`savepoint asking`.execute(transaction);
  try {
    const address = readScheduleAddress(parts.sealer, row);
    const made = await askForScan(transaction, { submission, address, caller }, parts);
    return { outcome: 'asked', scan: made.id, joined: made.joined };
  } catch (error) {
    // Of what it names or of what the team may: the next firing may go well. Anything else is tried again.
    if (!isScanError(error)) throw error;
    await sql`rollback to savepoint asking`.execute(transaction);
    const { code, message, remedy } = error;
    return { outcome: 'refused', error: { code, message, remedy } };
  }
}

/** A scan of the schedule that has not ended. */
async function runningScan(transaction: TeamTransaction, schedule: string): Promise<string | undefined> {
  const found = await transaction
    .selectFrom('schedule_firing')
    .innerJoin('scan', 'scan.id', 'schedule_firing.scan_id')
    .select('scan.id')
    .where('schedule_id', '=', schedule)
    .where('outcome', '=', 'asked')
    .where('scan.finished_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return found?.id;
}

async function finish(
  transaction: TeamTransaction,
  { id, at, outcome }: { id: string; at: Date; outcome: Outcome },
): Promise<void> {
  await transaction
    .updateTable('schedule_firing')
    .set({
      outcome: outcome.outcome,
      joined: outcome.outcome === 'asked' && outcome.joined,
      scan_id: outcome.outcome === 'refused' ? null : outcome.scan,
      error: outcome.outcome === 'refused' ? JSON.stringify(outcome.error) : null,
    })
    .where('schedule_id', '=', id)
    .where('at', '=', at)
    .execute();
}
