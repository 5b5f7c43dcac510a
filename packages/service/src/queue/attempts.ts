// SPDX-License-Identifier: Apache-2.0
// The rows of an attempt. Each change names the attempt that makes it: the word of an earlier one changes nothing.
import { catalogue, type ErrorCode } from '@cinc-scan/core';
import { sql } from 'kysely';
import { audit } from '../store/audit-log.ts';
import { recordBlob } from '../store/registry.ts';
import type { PlatformTransaction } from '../store/store.ts';
import type { ScanFailure } from '../store/tables.ts';

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

/** The cluster whose scan waits longest, of those that take another run; its row is locked until the transaction ends. */
export async function nextCluster(transaction: PlatformTransaction): Promise<FreeCluster | undefined> {
  const running = sql<number>`(select count(*) from scan as other where other.cluster_id = cluster.id and other.state = 'running')`;
  const oldest = sql<string>`(select min(waiting.id::text) from scan as waiting where waiting.cluster_id = cluster.id and waiting.state = 'queued')`;
  return transaction
    .selectFrom('cluster')
    .select(['id', 'credential', 'context'])
    .where(sql<boolean>`${oldest} is not null and ${running} < cluster.most_runs`)
    .orderBy(oldest)
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

export interface Begun extends Attempt {
  runId: string;
  /** Run of the attempt before: its grant may still stand. */
  before: string | undefined;
}

/** Marks a scan as run; undefined for one that is over, or was cancelled while it waited. */
export async function beginAttempt(
  transaction: PlatformTransaction,
  scan: string,
  with_: { attempt: number; runId: string; runner: string },
): Promise<Begun | undefined> {
  const { attempt, runId, runner } = with_;
  const found = await transaction
    .selectFrom('scan')
    .select(['team_id', 'state', 'run_id', 'cancel_requested'])
    .where('id', '=', scan)
    .forUpdate()
    .executeTakeFirst();
  if (found === undefined || !['queued', 'running'].includes(found.state)) return undefined;
  if (found.cancel_requested) {
    await transaction
      .updateTable('scan')
      .set({ state: 'cancelled', finished_at: new Date() })
      .where('id', '=', scan)
      .execute();
    return undefined;
  }
  await transaction
    .updateTable('scan')
    .set({ state: 'running', attempt, run_id: runId, runner, isolation: 'none', started_at: new Date() })
    .where('id', '=', scan)
    .execute();
  return { scan, team: found.team_id, attempt, runId, before: found.run_id ?? undefined };
}

export interface Finished {
  state: 'done' | 'failed' | 'cancelled';
  verdict: string | null;
  reason: string | null;
  exitCode: number | null;
  error: ScanFailure | null;
  counts: Record<string, number> | null;
}

/** Records how an attempt ended; false where it is not the attempt that counts. */
export async function finishAttempt(
  transaction: PlatformTransaction,
  { scan, attempt, team }: Attempt,
  finished: Finished,
): Promise<boolean> {
  const { state, verdict, reason, exitCode, error, counts } = finished;
  const { numUpdatedRows } = await transaction
    .updateTable('scan')
    .set({
      state,
      verdict,
      reason,
      exit_code: exitCode,
      error: error && JSON.stringify(error),
      counts: counts && JSON.stringify(counts),
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

/** Ends scans that no runner took in time. Gives what was ended. */
export async function expireScans(
  transaction: PlatformTransaction,
  now: Date,
): Promise<{ id: string; cluster: string }[]> {
  const error = JSON.stringify(failureOf('RUN_EXPIRED', 'No runner took the scan before its deadline'));
  const ended = await transaction
    .updateTable('scan')
    .set({ state: 'expired', finished_at: now, error })
    .where('state', '=', 'queued')
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

export async function recordReports(
  transaction: PlatformTransaction,
  scan: string,
  reports: KeptReport[],
): Promise<void> {
  for (const { file, kind, blob, bytes } of reports) {
    await recordBlob(transaction, blob, bytes);
    await transaction.insertInto('scan_report').values({ scan_id: scan, file, kind, blob }).execute();
  }
}
