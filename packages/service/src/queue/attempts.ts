// SPDX-License-Identifier: Apache-2.0
// The rows of an attempt. Each change names the attempt that makes it: the word of an earlier one changes nothing.
import { catalogue, type ErrorCode, type JailStrength, ScanError } from '@cinc-scan/core';
import { sql } from 'kysely';
import type { Kept } from '../blobs/blobs.ts';
import { audit } from '../store/audit-log.ts';
import { type IsThere, recordSurely } from '../store/contents.ts';
import type { AnyTransaction, PlatformTransaction } from '../store/store.ts';
import type { ScanFailure } from '../store/tables.ts';
import type { Hold } from './scan-queue.ts';

export interface Attempt {
  scan: string;
  team: string;
  attempt: number;
}

export interface FreeCluster {
  id: string;
  credential: string | null;
  context: string | null;
}

/**
 * The cluster whose scan waits longest, of those of the regions that take another run; its row is locked until the
 * transaction ends. null: clusters without a region.
 */
export async function nextCluster(
  transaction: PlatformTransaction,
  regions: readonly (string | null)[],
): Promise<FreeCluster | undefined> {
  const named = regions.filter(region => region !== null);
  const isServed = sql<boolean>`(region = any (${named}::text[]) or (${regions.includes(null)} and region is null))`;
  const running = sql<number>`(select count(*) from scan as other where other.cluster_id = cluster.id and other.state = 'running')`;
  const oldest = sql<string>`(select min(waiting.id::text) from scan as waiting where waiting.cluster_id = cluster.id and waiting.state = 'queued')`;
  return transaction
    .selectFrom('cluster')
    .select(['id', 'credential', 'context'])
    .where(isServed)
    .where(sql<boolean>`${oldest} is not null and ${running} < cluster.most_runs`)
    .orderBy(oldest)
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

export interface Begun extends Attempt {
  runId: string;
  /** Runs of the attempts before: what they made in the cluster may still stand. */
  before: string[];
}

/** Marks a scan as run; undefined for one that is over, or was cancelled while it waited. */
export async function beginAttempt(
  transaction: PlatformTransaction,
  scan: string,
  with_: { attempt: number; runId: string; runner: string },
): Promise<(Begun & { isCancelled: boolean }) | undefined> {
  const { attempt, runId, runner } = with_;
  const found = await transaction
    .selectFrom('scan')
    .select(['team_id', 'state', 'run_id', 'earlier_runs', 'cancel_requested'])
    .where('id', '=', scan)
    .forUpdate()
    .executeTakeFirst();
  if (found === undefined || !['queued', 'running'].includes(found.state)) return undefined;
  const before = [...found.earlier_runs, ...(found.run_id === null ? [] : [found.run_id])];
  if (found.cancel_requested && before.length === 0) {
    await transaction
      .updateTable('scan')
      .set({ state: 'cancelled', finished_at: new Date() })
      .where('id', '=', scan)
      .execute();
    return undefined;
  }
  await transaction
    .updateTable('scan')
    .set({
      earlier_runs: before,
      state: 'running',
      attempt,
      run_id: runId,
      runner,
      isolation: null,
      started_at: new Date(),
    })
    .where('id', '=', scan)
    .execute();
  return { scan, team: found.team_id, attempt, runId, before, isCancelled: found.cancel_requested };
}

/** An attempt as its runner names it, if it was given to that runner. Throws SERVICE_NOT_FOUND. */
export async function findHeld(
  transaction: PlatformTransaction,
  { scan, attempt }: Pick<Attempt, 'scan' | 'attempt'>,
  { name, regions }: { name: string; regions: string[] },
) {
  const found = await transaction
    .selectFrom('scan')
    .innerJoin('cluster', 'cluster.id', 'scan.cluster_id')
    .select(['scan.team_id', 'scan.cluster_id', 'scan.run_id', 'scan.runner', 'cluster.region'])
    .where('scan.id', '=', scan)
    .where('scan.attempt', '>=', attempt)
    .executeTakeFirst();
  const isTheirs = found?.region != null && regions.includes(found.region);
  // Of an attempt that does not count any more nobody knows whose it was; nothing is changed by it.
  if (!isTheirs || found.runner?.startsWith(`${name}/`) !== true)
    throw new ScanError('SERVICE_NOT_FOUND', `The runner holds no attempt ${attempt} of scan ${scan}`);
  const { team_id: team, cluster_id: cluster, run_id } = found;
  const hold: Hold = { id: scan, cluster, retryCount: attempt - 1 };
  return { scan, team, attempt, runId: run_id ?? '', before: [], hold };
}

export interface Finished {
  state: 'done' | 'failed' | 'cancelled';
  verdict: string | null;
  reason: string | null;
  exitCode: number | null;
  error: ScanFailure | null;
  counts: Record<string, number> | null;
  isolation: JailStrength | null;
}

/** Records how an attempt ended; false where it is not the attempt that counts. */
export async function finishAttempt(
  transaction: PlatformTransaction,
  { scan, attempt, team }: Attempt,
  finished: Finished,
): Promise<boolean> {
  const { state, verdict, reason, exitCode, error, counts, isolation } = finished;
  const { numUpdatedRows } = await transaction
    .updateTable('scan')
    .set({
      state,
      verdict,
      reason,
      exit_code: exitCode,
      error: error && JSON.stringify(error),
      counts: counts && JSON.stringify(counts),
      isolation,
      finished_at: new Date(),
    })
    .where('id', '=', scan)
    .where('attempt', '=', attempt)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  await audit(transaction, {
    team,
    principal: null,
    action: `scan.${state}`,
    object: scan,
    detail: { attempt, verdict, reason },
  });
  return true;
}

/** Puts a scan back among those that wait. */
export async function requeue(
  transaction: PlatformTransaction,
  { scan, attempt, team }: Attempt,
  why: string,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('scan')
    .set({ state: 'queued' })
    .where('id', '=', scan)
    .where('attempt', '=', attempt)
    .where('state', '=', 'running')
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  await transaction.deleteFrom('lease_upload').where('scan_id', '=', scan).execute();
  await audit(transaction, { team, principal: null, action: 'scan.retry', object: scan, detail: { attempt, why } });
  return true;
}

export const runningScans = (transaction: PlatformTransaction) =>
  transaction
    .selectFrom('scan')
    .select(['id', 'cluster_id as cluster', 'team_id as team', 'attempt'])
    .where('state', '=', 'running')
    .execute();

export const failureOf = (code: ErrorCode, message: string): ScanFailure => ({
  code,
  message,
  remedy: catalogue[code].remedy,
});

/** Ends scans that no runner took in time; one that was taken before is taken again, for what it left. Gives what was ended. */
export async function expireScans(
  transaction: PlatformTransaction,
  now: Date,
): Promise<{ id: string; cluster: string }[]> {
  const error = JSON.stringify(failureOf('RUN_EXPIRED', 'No runner took the scan before its deadline'));
  const ended = await transaction
    .updateTable('scan')
    .set({ state: 'expired', finished_at: now, error })
    .where('state', '=', 'queued')
    .where('attempt', '=', 0)
    .where('deadline_at', '<', now)
    .returning(['id', 'cluster_id as cluster', 'team_id as team'])
    .execute();
  for (const { id, team } of ended)
    await audit(transaction, { team, principal: null, action: 'scan.expired', object: id });
  return ended;
}

/** A scan whose runners went away for good. */
export async function loseScan(transaction: PlatformTransaction, scan: string): Promise<void> {
  const error = JSON.stringify(failureOf('RUN_LOST', 'Each process that ran this scan went away without a word'));
  const lost = await transaction
    .updateTable('scan')
    .set({ state: 'failed', finished_at: new Date(), error })
    .where('id', '=', scan)
    .where('state', 'in', ['queued', 'running'])
    .returning('team_id as team')
    .executeTakeFirst();
  if (lost !== undefined)
    await audit(transaction, { team: lost.team, principal: null, action: 'scan.lost', object: scan });
}

export interface RunEvent {
  kind: string;
  data: Record<string, unknown>;
}

/** Keeps what happened in a run; of one that tells without end, the first thousands. */
const mostEvents = 5000;

export async function appendEvents(
  transaction: PlatformTransaction,
  { scan, attempt }: Attempt,
  events: RunEvent[],
): Promise<void> {
  const { state, current, last } = await transaction
    .selectFrom('scan')
    .select([
      'state',
      'attempt as current',
      eb =>
        eb
          .selectFrom('scan_event')
          .select(sql<number>`coalesce(max(n), 0)::int`.as('last'))
          .where('scan_id', '=', scan)
          .as('last'),
    ])
    .where('id', '=', scan)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (state !== 'running' || current !== attempt) return;
  const rows = events.slice(0, Math.max(0, mostEvents - (last ?? 0))).map(({ kind, data }, index) => ({
    scan_id: scan,
    n: (last ?? 0) + index + 1,
    attempt,
    kind,
    data: JSON.stringify(data),
  }));
  if (rows.length > 0) await transaction.insertInto('scan_event').values(rows).execute();
}

export interface KeptReport {
  file: string;
  kind: string;
  blob: string;
  bytes: number;
}

/** Keeps what a runner has sent until the scan has ended; false for an attempt that does not count any more. */
export async function recordUpload(
  transaction: PlatformTransaction,
  { scan, attempt, kept }: Pick<Attempt, 'scan' | 'attempt'> & { kept: Kept },
  isThere: IsThere,
): Promise<boolean> {
  const counts = await transaction
    .selectFrom('scan')
    .select('id')
    .where('id', '=', scan)
    .where('attempt', '=', attempt)
    .where('state', '=', 'running')
    .forUpdate()
    .executeTakeFirst();
  if (counts === undefined) return false;
  await recordSurely(transaction, [kept], isThere);
  await transaction
    .insertInto('lease_upload')
    .values({ scan_id: scan, blob: kept.digest })
    .onConflict(conflict => conflict.doNothing())
    .execute();
  return true;
}

/** Of reports, those whose content was not sent for this scan: nobody comes by the content of others by its name. */
export async function notSent(
  transaction: PlatformTransaction,
  scan: string,
  reports: KeptReport[],
): Promise<KeptReport[]> {
  const sent = await transaction.selectFrom('lease_upload').select('blob').where('scan_id', '=', scan).execute();
  return reports.filter(report => !sent.some(({ blob }) => blob === report.blob));
}

export async function recordReports(
  transaction: AnyTransaction,
  { scan, reports }: { scan: string; reports: readonly KeptReport[] },
  isThere: IsThere,
): Promise<void> {
  const contents = reports.map(({ blob, bytes }) => ({ digest: blob, bytes }));
  await recordSurely(transaction, contents, isThere);
  const rows = reports.map(({ file, kind, blob }) => ({ scan_id: scan, file, kind, blob }));
  if (rows.length > 0) await transaction.insertInto('scan_report').values(rows).execute();
  await transaction.deleteFrom('lease_upload').where('scan_id', '=', scan).execute();
}
