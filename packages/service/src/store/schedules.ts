// SPDX-License-Identifier: Apache-2.0
// What is scanned again and again, and each time that it was.
import { ScanError, Secret } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import type { Ask } from '../domain/ask.ts';
import { type Cadence, nextTime } from '../domain/cadence.ts';
import { delayMsOf, type FiringOutcome, type Timing } from '../domain/schedule.ts';
import type { Sealer } from '../domain/seal.ts';
import { audit } from './audit-log.ts';
import type { Address } from './deliveries.ts';
import type { AnyTransaction, TeamTransaction } from './store.ts';
import type { ScanFailure } from './tables.ts';
import type { TeamCaller } from './teams.ts';

/** What a schedule is, but for its name. */
export interface ScheduleContent extends Timing {
  ask: Ask;
  address: Address | undefined;
}

const columns = [
  'id',
  'slug',
  'cron',
  'zone',
  'every_seconds',
  'anchor_at',
  'jitter_seconds',
  'ask',
  'callback_shown',
  'callback_sealed',
  'made_by',
  'paused_at',
  'nominal_at',
  'planned_at',
  'created_at',
] as const;

export interface ScheduleRow {
  id: string;
  slug: string;
  cron: string | null;
  zone: string | null;
  every_seconds: number | null;
  anchor_at: Date;
  jitter_seconds: number;
  ask: Ask;
  callback_shown: string | null;
  callback_sealed: Uint8Array | null;
  made_by: string;
  paused_at: Date | null;
  nominal_at: Date | null;
  planned_at: Date;
  created_at: Date;
}

export function cadenceOf({ cron, zone, every_seconds, anchor_at }: ScheduleRow): Cadence {
  if (cron !== null) return { kind: 'cron', line: cron, zone: zone ?? 'UTC' };
  return { kind: 'every', seconds: every_seconds ?? 0, anchor: anchor_at };
}

const purpose = (id: string) => `schedule ${id}`;

export const readScheduleAddress = (sealer: Sealer, { id, callback_sealed }: ScheduleRow): Address | undefined =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed by us, and opened under the same purpose
  callback_sealed === null ? undefined : (JSON.parse(sealer.open(callback_sealed, purpose(id)).reveal()) as Address);

interface Written {
  sealer: Sealer;
  now: Date;
}

function valuesOf(id: string, { cadence, jitterSeconds, ask, address }: ScheduleContent, { sealer, now }: Written) {
  return {
    cron: cadence.kind === 'cron' ? cadence.line : null,
    zone: cadence.kind === 'cron' ? cadence.zone : null,
    every_seconds: cadence.kind === 'every' ? cadence.seconds : null,
    anchor_at: cadence.kind === 'every' ? cadence.anchor : now,
    jitter_seconds: jitterSeconds,
    ask: JSON.stringify(ask),
    callback_shown: address === undefined ? null : new URL(address.url).origin,
    callback_sealed: address === undefined ? null : sealer.seal(new Secret(JSON.stringify(address)), purpose(id)),
  };
}

/** When it fires next, seen from a moment. */
export function planOf(id: string, { cadence, jitterSeconds }: Timing, now: Date) {
  const delay = delayMsOf(id, jitterSeconds);
  const nominal = nextTime(cadence, new Date(now.getTime() - delay));
  return { nominal_at: nominal, due_at: new Date(nominal.getTime() + delay), planned_at: now };
}

const mostSchedules = 1000;

/** Throws SERVICE_CONFLICT where the team has one of that name, SERVICE_QUOTA where it has too many. */
export async function createSchedule(
  transaction: TeamTransaction,
  { slug, ...content }: ScheduleContent & { slug: string },
  { by, ...written }: Written & { by: TeamCaller },
): Promise<ScheduleRow> {
  const { count } = await transaction
    .selectFrom('schedule')
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirstOrThrow();
  if (count >= mostSchedules) throw new ScanError('SERVICE_QUOTA', `The team has ${count} schedules already`);
  const id = makeId();
  const row = { id, slug, ...valuesOf(id, content, written), made_by: by.principal, paused_at: null };
  const made = await transaction
    .insertInto('schedule')
    .values({ ...row, ...planOf(id, content, written.now) })
    .onConflict(conflict => conflict.columns(['team_id', 'slug']).doNothing())
    .returning(columns)
    .executeTakeFirst();
  if (made === undefined) throw new ScanError('SERVICE_CONFLICT', `The team has a schedule ${slug} already`);
  await record(transaction, by, { action: 'create', slug });
  return made;
}

/** From now on its firings are in the name of who changed it. Throws SERVICE_NOT_FOUND. */
export async function changeSchedule(
  transaction: TeamTransaction,
  { slug, ...content }: ScheduleContent & { slug: string },
  { by, ...written }: Written & { by: TeamCaller },
): Promise<ScheduleRow> {
  const before = await lockSchedule(transaction, slug);
  const plan = before.paused_at === null ? planOf(before.id, content, written.now) : {};
  const row = await transaction
    .updateTable('schedule')
    .set({ ...valuesOf(before.id, content, written), made_by: by.principal, ...plan })
    .where('id', '=', before.id)
    .returning(columns)
    .executeTakeFirstOrThrow();
  await record(transaction, by, { action: 'change', slug });
  return row;
}

/** What would have fired while it was paused is not made up for. Throws SERVICE_NOT_FOUND. */
export async function pauseSchedule(
  transaction: TeamTransaction,
  { slug, paused }: { slug: string; paused: boolean },
  { by, now }: { by: TeamCaller; now: Date },
): Promise<ScheduleRow> {
  const before = await lockSchedule(transaction, slug);
  if ((before.paused_at !== null) === paused) return before;
  const timing = { cadence: cadenceOf(before), jitterSeconds: before.jitter_seconds };
  const row = await transaction
    .updateTable('schedule')
    .set(
      paused
        ? { paused_at: now, nominal_at: null, due_at: null }
        : { paused_at: null, ...planOf(before.id, timing, now) },
    )
    .where('id', '=', before.id)
    .returning(columns)
    .executeTakeFirstOrThrow();
  await record(transaction, by, { action: paused ? 'pause' : 'resume', slug });
  return row;
}

/** Throws SERVICE_NOT_FOUND. */
export async function deleteSchedule(transaction: TeamTransaction, slug: string, by: TeamCaller): Promise<void> {
  const { numDeletedRows } = await transaction.deleteFrom('schedule').where('slug', '=', slug).executeTakeFirst();
  if (numDeletedRows === 0n) throw noSchedule(slug);
  await record(transaction, by, { action: 'delete', slug });
}

const record = (transaction: TeamTransaction, by: TeamCaller, { action, slug }: { action: string; slug: string }) =>
  audit(transaction, { team: by.team, principal: by.principal, action: `schedule.${action}`, object: slug });

const noSchedule = (slug: string) => new ScanError('SERVICE_NOT_FOUND', `The team has no schedule ${slug}`);

const lockSchedule = (transaction: TeamTransaction, slug: string): Promise<ScheduleRow> =>
  transaction
    .selectFrom('schedule')
    .select(columns)
    .where('slug', '=', slug)
    .forUpdate()
    .executeTakeFirstOrThrow(() => noSchedule(slug));

/** Throws SERVICE_NOT_FOUND. */
export const getSchedule = (transaction: TeamTransaction, slug: string): Promise<ScheduleRow> =>
  transaction
    .selectFrom('schedule')
    .select(columns)
    .where('slug', '=', slug)
    .executeTakeFirstOrThrow(() => noSchedule(slug));

/** By their names. */
export const listSchedules = (
  transaction: TeamTransaction,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<ScheduleRow[]> =>
  transaction
    .selectFrom('schedule')
    .select(columns)
    .$if(after !== undefined, query => query.where('slug', '>', after ?? ''))
    .orderBy('slug')
    .limit(limit)
    .execute();

export interface FiringRow {
  schedule_id: string;
  at: Date;
  fired_at: Date;
  missed_since: Date | null;
  outcome: FiringOutcome;
  joined: boolean;
  scan_id: string | null;
  error: ScanFailure | null;
}

const firingColumns = [
  'schedule_id',
  'at',
  'fired_at',
  'missed_since',
  'outcome',
  'joined',
  'scan_id',
  'error',
] as const;

/** The newest first. */
export const listFirings = (
  transaction: TeamTransaction,
  { schedule, before, limit }: { schedule: string; before: Date | undefined; limit: number },
): Promise<FiringRow[]> =>
  transaction
    .selectFrom('schedule_firing')
    .select(firingColumns)
    .where('schedule_id', '=', schedule)
    .$if(before !== undefined, query => query.where('at', '<', before ?? new Date()))
    .orderBy('at', 'desc')
    .limit(limit)
    .execute();

/** The last firing of each. */
export async function lastFirings(
  transaction: TeamTransaction,
  schedules: readonly string[],
): Promise<Map<string, FiringRow>> {
  const rows = await transaction
    .selectFrom('schedule_firing')
    .distinctOn('schedule_id')
    .select(firingColumns)
    .where(sql<boolean>`schedule_id = any (${schedules}::uuid[])`)
    .orderBy('schedule_id')
    .orderBy('fired_at', 'desc')
    .orderBy('at', 'desc')
    .execute();
  return new Map(rows.map(row => [row.schedule_id, row]));
}

/** Firings are kept as long as scans are, and the last one of each schedule. */
export async function forgetFirings(
  transaction: AnyTransaction,
  { team, before }: { team: string; before: Date },
): Promise<void> {
  await sql`
    delete from schedule_firing as old where team_id = ${team} and fired_at < ${before} and exists (
      select from schedule_firing as later where later.schedule_id = old.schedule_id and later.at > old.at)`.execute(
    transaction,
  );
}
