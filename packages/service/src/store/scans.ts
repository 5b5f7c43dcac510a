// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { ScanError } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import { type Ask, chooseCluster, type Pins } from '../domain/ask.ts';
import { audit } from './audit-log.ts';
import { clustersOf, findProfile, findThreshold } from './registry.ts';
import { asWholeTeam, type TeamTransaction } from './store.ts';
import type { ScanState } from './tables.ts';
import type { TeamCaller } from './teams.ts';

export interface Submission {
  ask: Ask;
  idempotencyKey: string | undefined;
  /** Latest start; a scan that no runner takes until then has expired. */
  deadline: Date;
}

export interface Submitted {
  id: string;
  cluster: string;
  /** new: queued now; same: the idempotency key was used before; waiting: the same question was in the queue already. */
  kind: 'new' | 'same' | 'waiting';
  /** Somebody else had asked for it before, whatever was answered to this one first. */
  joined: boolean;
}

/** Puts a scan into its table; the queue is told by the caller, in the same transaction. */
export async function submitScan(
  transaction: TeamTransaction,
  submission: Submission,
  by: TeamCaller,
): Promise<Submitted> {
  const { ask, idempotencyKey: key, deadline } = submission;
  const asked = digestOf(ask);
  const before = key === undefined ? undefined : await findSubmission(transaction, key, asked);
  if (before !== undefined) return { id: before.scan, cluster: '', kind: 'same', joined: before.joined };
  await asWholeTeam(transaction, by, () => requireQuota(transaction, by.team));
  const cluster = chooseCluster(ask, await clustersOf(transaction));
  const pins = await pinNames(transaction, ask, cluster.slug);
  const row = { cluster: cluster.id, ask, pins, digest: digestOf({ ask, pins }), deadline };
  const made = await insertScan(transaction, row, by);
  const id = made ?? (await waitingScan(transaction, row.digest));
  const joined = made === undefined;
  const asker = { key: key ?? `asked-${randomUUID()}`, digest: asked, scan_id: id, joined };
  const twin = await recordSubmission(transaction, asker);
  if (twin !== undefined && !joined) throw justNow(); // sent twice at once, and the other one has started
  if (twin !== undefined) return { id, cluster: cluster.id, kind: 'same', joined: twin.joined };
  return { id, cluster: cluster.id, kind: joined ? 'waiting' : 'new', joined };
}

interface NewScan {
  cluster: string;
  ask: Ask;
  pins: Pins;
  digest: string;
  deadline: Date;
}

const notYet = {
  runner: null,
  run_id: null,
  verdict: null,
  reason: null,
  exit_code: null,
  error: null,
  counts: null,
  imported: null,
  import_key: null,
} as const;

/** The id of the new scan; undefined where the same question waits already. */
async function insertScan(
  transaction: TeamTransaction,
  { cluster, ask, pins, digest, deadline }: NewScan,
  by: TeamCaller,
): Promise<string | undefined> {
  const id = makeId();
  const asked = { ask: JSON.stringify(ask), pins: JSON.stringify(pins), digest, requested_by: by.principal };
  const made = await transaction
    .insertInto('scan')
    .values({ id, cluster_id: cluster, ...asked, state: 'queued', deadline_at: deadline, ...notYet })
    .onConflict(conflict =>
      conflict.columns(['team_id', 'digest']).where(sql<boolean>`state = 'queued' and attempt = 0`).doNothing(),
    )
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows !== 1n) return undefined;
  const entry = { team: by.team, principal: by.principal, action: 'scan.submit', object: id, detail: { ...pins } };
  await audit(transaction, entry);
  return id;
}

const justNow = () => new ScanError('SERVICE_UNAVAILABLE', 'The same scan was started at this moment: ask again');

/** The same text for the same question. */
export const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

interface Asker {
  scan: string;
  joined: boolean;
}

async function findSubmission(transaction: TeamTransaction, key: string, digest: string): Promise<Asker | undefined> {
  const found = await transaction
    .selectFrom('submission')
    .select(['scan_id as scan', 'joined', 'digest'])
    .where('key', '=', key)
    .executeTakeFirst();
  if (found === undefined || found.digest === digest) return found;
  throw new ScanError('SERVICE_CONFLICT', `The idempotency key ${key} was used for another request`);
}

/** Who used the same key for the same scan at this moment, if somebody did. Throws SERVICE_CONFLICT where for another. */
async function recordSubmission(
  transaction: TeamTransaction,
  row: { key: string; digest: string; scan_id: string; joined: boolean },
): Promise<Asker | undefined> {
  const { numInsertedOrUpdatedRows: made } = await transaction
    .insertInto('submission')
    .values(row)
    .onConflict(conflict => conflict.columns(['team_id', 'key']).doNothing())
    .executeTakeFirst();
  if (made === 1n) return undefined;
  return (await findSubmission(transaction, row.key, row.digest)) ?? { scan: row.scan_id, joined: row.joined };
}

async function requireQuota(transaction: TeamTransaction, team: string): Promise<void> {
  const { quota, waiting } = await transaction
    .selectFrom('team')
    .select([
      'queue_quota as quota',
      eb =>
        eb.selectFrom('scan').select(sql<number>`count(*)::int`.as('n')).where('state', '=', 'queued').as('waiting'),
    ])
    .where('id', '=', team)
    .executeTakeFirstOrThrow();
  if ((waiting ?? 0) < quota) return;
  throw new ScanError('SERVICE_QUOTA', `The team has ${String(waiting)} scans waiting, of at most ${quota}`);
}

/** What the names of a request mean now. Throws SERVICE_NOT_FOUND, PROFILE_UNAPPROVED. */
export async function pinNames(transaction: TeamTransaction, ask: Ask, cluster: string): Promise<Pins> {
  const profiles: Pins['profiles'] = [];
  for (const named of ask.profile) {
    const { slug, version, digest } = await findProfile(transaction, named);
    profiles.push({ slug, version, digest });
  }
  if (ask.threshold === undefined) return { cluster, profiles, threshold: null };
  const { slug, version, digest } = await findThreshold(transaction, ask.threshold);
  return { cluster, profiles, threshold: { slug, version, digest } };
}

async function waitingScan(transaction: TeamTransaction, digest: string): Promise<string> {
  const { id } = await transaction
    .selectFrom('scan')
    .select('id')
    .where('digest', '=', digest)
    .where('state', '=', 'queued')
    .where('attempt', '=', 0)
    .forShare() // whoever lets go of it counts this one too, or has ended it before
    .executeTakeFirstOrThrow(justNow);
  return id;
}

const scanColumns = [
  'id',
  'state',
  'attempt',
  'ask',
  'pins',
  'cancel_requested',
  'requested_at',
  'deadline_at',
  'started_at',
  'finished_at',
  'run_id',
  'isolation',
  'verdict',
  'reason',
  'exit_code',
  'error',
  'counts',
  'imported',
] as const;

/** Throws SERVICE_NOT_FOUND. */
export async function getScan(transaction: TeamTransaction, id: string) {
  const found = await transaction.selectFrom('scan').select(scanColumns).where('id', '=', id).executeTakeFirst();
  if (found === undefined) throw noScan(id);
  return found;
}

export type ScanRow = Awaited<ReturnType<typeof getScan>>;

const noScan = (id: string): ScanError => new ScanError('SERVICE_NOT_FOUND', `The team has no scan ${id}`);

export interface ScanPage {
  state: ScanState | undefined;
  /** Id of the last scan of the page before. */
  after: string | undefined;
  limit: number;
}

/** The newest first; without `ask` and `pins`, which a list does not show. */
export function listScans(transaction: TeamTransaction, { state, after, limit }: ScanPage) {
  const all = transaction
    .selectFrom('scan')
    .select(scanColumns)
    .$if(state !== undefined, query => query.where('state', '=', state ?? 'queued'))
    .$if(after !== undefined, query => query.where('id', '<', after ?? ''));
  return all.orderBy('id', 'desc').limit(limit).execute();
}

/** The reports that the run left. */
export const reportsOf = (transaction: TeamTransaction, id: string) =>
  transaction
    .selectFrom('scan_report')
    .innerJoin('blob', 'blob.digest', 'scan_report.blob')
    .select(['file', 'kind', 'scan_report.blob', 'blob.bytes'])
    .where('scan_id', '=', id)
    .where(eb =>
      eb.exists(eb.selectFrom('scan').select('id').where('id', '=', id).where('finished_at', 'is not', null)),
    )
    .orderBy('file')
    .execute();

/** Events after the given one, in their order. */
export const eventsAfter = (transaction: TeamTransaction, id: string, after: number) =>
  transaction
    .selectFrom('scan_event')
    .select(['n', 'at', 'attempt', 'kind', 'data'])
    .where('scan_id', '=', id)
    .where('n', '>', after)
    .orderBy('n')
    .limit(500)
    .execute();

export interface Cancelling {
  state: ScanState;
  /** Of a scan that waited, and has to leave the queue now. */
  waitedFor: string | undefined;
  /** Who else waits for it, so that it goes on. */
  others: number;
}

export interface CancelRequest {
  id: string;
  /** The idempotency key of the one who waits for it no more; undefined: it is to end, whoever waits. */
  asker: string | undefined;
}

/** A queued scan is cancelled at once; a running one when its runner hears of it. Throws SERVICE_NOT_FOUND. */
export async function requestCancel(
  transaction: TeamTransaction,
  { id, asker }: CancelRequest,
  by: TeamCaller,
): Promise<Cancelling> {
  const { state, attempt, cluster } = await transaction
    .selectFrom('scan')
    .select(['state', 'attempt', 'cluster_id as cluster'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow(() => noScan(id));
  const others = asker === undefined ? 0 : await letGo(transaction, { id, asker });
  if (state !== 'queued' && state !== 'running') return { state, waitedFor: undefined, others: 0 };
  if (others > 0) return { state, waitedFor: undefined, others };
  // What an attempt that died has left is taken back first.
  const isOver = state === 'queued' && attempt === 0;
  const change = isOver ? { state: 'cancelled' as const, finished_at: new Date() } : {};
  await transaction
    .updateTable('scan')
    .set({ cancel_requested: true, ...change })
    .where('id', '=', id)
    .execute();
  await audit(transaction, { team: by.team, principal: by.principal, action: 'scan.cancel', object: id });
  return isOver ? { state: 'cancelled', waitedFor: cluster, others } : { state, waitedFor: undefined, others };
}

/** How many others wait for the scan, whose row is locked. Throws SERVICE_NOT_FOUND for a key that did not ask for it. */
async function letGo(transaction: TeamTransaction, { id, asker }: { id: string; asker: string }): Promise<number> {
  const { numUpdatedRows: found } = await transaction
    .updateTable('submission')
    .set({ let_go_at: new Date() })
    .where('scan_id', '=', id)
    .where('key', '=', asker)
    .executeTakeFirst();
  if (found === 0n) throw new ScanError('SERVICE_NOT_FOUND', `Nobody asked for scan ${id} under that idempotency key`);
  const { others } = await transaction
    .selectFrom('submission')
    .select(sql<number>`count(*)::int`.as('others'))
    .where('scan_id', '=', id)
    .where('let_go_at', 'is', null)
    .executeTakeFirstOrThrow();
  return others;
}
