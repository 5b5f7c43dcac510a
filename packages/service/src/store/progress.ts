// SPDX-License-Identifier: Apache-2.0
// How far a scan is, and how long such scans take: measured, or not known.
import { sql } from 'kysely';
import type { ScanRow } from './scans.ts';
import { asService, type TeamTransaction } from './store.ts';

interface QueuePlace {
  /** Scans of the same cluster that are before it. */
  position: number;
  /** Scans that run in the cluster now. */
  running: number;
  /** Of those at most. */
  mostRuns: number;
}

interface Estimate {
  /** From the start of a run to its end: the median of the last ones. */
  seconds: number;
  /** How many runs that is from. */
  runs: number;
  /** Of a target under a profile: so many looks had those runs, and so many has this one. */
  looks: number;
}

export interface Progress {
  /** null: it does not wait. */
  queue: QueuePlace | null;
  /** null: it is over, or nothing was measured that could be compared. */
  estimate: Estimate | null;
}

/** Afterwards the transaction is the service's. */
export async function progressOf(transaction: TeamTransaction, scan: ScanRow): Promise<Progress> {
  if (scan.state !== 'queued' && scan.state !== 'running') return { queue: null, estimate: null };
  const estimate = await estimateOf(transaction, scan);
  if (scan.state !== 'queued') return { queue: null, estimate };
  await asService(transaction);
  return { queue: await placeOf(transaction, scan.id), estimate };
}

/** Numbers of all teams' scans in the cluster, and nothing else of them. */
async function placeOf(transaction: TeamTransaction, id: string): Promise<QueuePlace> {
  const { rows } = await sql<QueuePlace>`
    select cluster.most_runs as "mostRuns",
      (select count(*)::int from scan as other
        where other.cluster_id = cluster.id and other.state = 'queued' and other.id < scan.id) as position,
      (select count(*)::int from scan as other
        where other.cluster_id = cluster.id and other.state = 'running') as running
    from scan join cluster on cluster.id = scan.cluster_id where scan.id = ${id}`.execute(transaction);
  return rows[0] ?? { position: 0, running: 0, mostRuns: 0 };
}

const mostRuns = 20;

/** From what ended scans of the same profiles with as many looks took. */
async function estimateOf(transaction: TeamTransaction, scan: ScanRow): Promise<Estimate | null> {
  const looks = (await plannedLooks(transaction, scan)) ?? (await earlierLooks(transaction, scan));
  if (looks === undefined) return null;
  const profiles = JSON.stringify(scan.pins.profiles.map(({ slug }) => slug));
  const { rows } = await sql<{ seconds: number | null; runs: number }>`
    select percentile_cont(0.5) within group (order by seconds) as seconds, count(*)::int as runs from (
      select extract(epoch from finished_at - started_at)::float8 as seconds from scan
      where state = 'done' and started_at is not null and imported is null
        and jsonb_path_query_array(pins, '$.profiles[*].slug') = ${profiles}::jsonb
        and counts ->> 'targets' = ${String(looks)}
      order by finished_at desc limit ${mostRuns}) as measured`.execute(transaction);
  const [measured] = rows;
  if (measured === undefined || measured.seconds === null) return null;
  return { seconds: Math.ceil(measured.seconds), runs: measured.runs, looks };
}

/** What the run itself has planned. */
async function plannedLooks(transaction: TeamTransaction, { id, attempt, pins }: ScanRow): Promise<number | undefined> {
  const { rows } = await sql<{ targets: number | null }>`
    select jsonb_array_length(data -> 'targets') + jsonb_array_length(data -> 'missing') as targets from scan_event
    where scan_id = ${id} and attempt = ${attempt} and kind = 'planned' order by n desc limit 1`.execute(transaction);
  const targets = rows[0]?.targets;
  return targets == null ? undefined : targets * pins.profiles.length;
}

/** What the last scan of the same place with as many profiles had. */
async function earlierLooks(transaction: TeamTransaction, { ask, pins }: ScanRow): Promise<number | undefined> {
  const { profile: _profile, threshold: _threshold, ...place } = ask;
  const { rows } = await sql<{ looks: string | null }>`
    select counts ->> 'targets' as looks from scan
    where state = 'done' and imported is null and (ask - 'profile' - 'threshold') = ${JSON.stringify(place)}::jsonb
      and pins ->> 'cluster' = ${pins.cluster}
      and jsonb_array_length(pins -> 'profiles') = ${pins.profiles.length}
    order by finished_at desc limit 1`.execute(transaction);
  const looks = rows[0]?.looks;
  return looks == null ? undefined : Number(looks);
}
