// SPDX-License-Identifier: Apache-2.0
// Deletes what nobody wants to keep any longer. Everything that is deleted is looked at again under a lock, so two sweeps at once
// do no more than one.
import type { Blobs } from '../blobs/blobs.ts';
import { type KeptKind, keptKinds } from '../domain/retention.ts';
import { deleteStray, deleteUnused, mayDelete, noteUnused, unknownAmong, unusedSince } from '../store/contents.ts';
import { allRetentions, auditRetention, deleteOver, dropUploads, type TeamRetention } from '../store/retention.ts';
import { forgetFirings } from '../store/schedules.ts';
import type { PlatformTransaction, Store } from '../store/store.ts';

export interface SweepParts {
  store: Store;
  blobs: Blobs;
  now: Date;
  /** Asked between two steps: whether to go on. */
  goesOn: () => Promise<boolean>;
}

export interface Swept {
  /** Rows, by kind. */
  rows: Record<KeptKind, number>;
  /** Contents to which nothing referred any longer. */
  contents: number;
  /** Contents that a process left which ended before it recorded them. */
  strays: number;
}

const dayMs = 86_400_000;

/** Who was given the name of a content may still be about to read it. */
const graceMs = 3_600_000;

/** Who has put a content may still be about to record it. */
const strayMs = dayMs;

const contentsAtOnce = 500;

export async function sweep(parts: SweepParts): Promise<Swept> {
  const swept: Swept = { rows: { events: 0, reports: 0, results: 0, scans: 0, findings: 0 }, contents: 0, strays: 0 };
  for (const each of await parts.store.asPlatform(allRetentions))
    for (const kind of keptKinds) swept.rows[kind] += await deleteKind(parts, each, kind);
  await dropFirings(parts);
  await parts.store.asPlatform(async transaction => {
    await dropUploads(transaction);
    await noteUnused(transaction, parts.now);
  });
  swept.contents = await deleteContents(parts);
  swept.strays = await deleteStrays(parts);
  return swept;
}

async function dropFirings({ store, now }: SweepParts): Promise<void> {
  await store.asPlatform(async transaction => {
    for (const { team, retention } of await allRetentions(transaction))
      if (retention.scans !== null)
        await forgetFirings(transaction, { team, before: new Date(now.getTime() - retention.scans * dayMs) });
  });
}

async function deleteKind({ store, now, goesOn }: SweepParts, of: TeamRetention, kind: KeptKind): Promise<number> {
  const days = of.retention[kind];
  if (days === null) return 0;
  const what = { team: of.team, kind, before: new Date(now.getTime() - days * dayMs) };
  let total = 0;
  for (let rows = -1; rows !== 0 && (await goesOn()); total += rows)
    rows = await store.asPlatform(async transaction => {
      const deleted = await deleteOver(transaction, what);
      if (deleted > 0) await auditRetention(transaction, { ...what, rows: deleted });
      return deleted;
    });
  return total;
}

async function deleteContents(parts: SweepParts): Promise<number> {
  const { store, blobs, now } = parts;
  const before = new Date(now.getTime() - graceMs);
  let total = 0;
  // Where none could be deleted, something is in the way: the next sweep tries again.
  for (let count = -1; count !== 0; total += count) {
    const unused = await store.asPlatform(transaction => unusedSince(transaction, before, contentsAtOnce));
    const digests = unused.map(({ digest }) => digest);
    count = await deleteEach(parts, digests, (transaction, digest) =>
      deleteUnused(transaction, digest, () => blobs.delete(digest)),
    );
  }
  return total;
}

const shards = 256;
const shardMs = 600_000;

/** A part of the place after the other, as time goes: it may hold millions. */
async function deleteStrays(parts: SweepParts): Promise<number> {
  const { store, blobs, now } = parts;
  const shard = (Math.floor(now.getTime() / shardMs) % shards).toString(16).padStart(2, '0');
  const listed = await blobs.list(shard);
  const unknown = await store.asPlatform(transaction => unknownAmong(transaction, listed));
  const isOld = async (digest: string) => {
    const put = await blobs.dateOf(digest);
    return put !== undefined && now.getTime() - put.getTime() > strayMs;
  };
  return deleteEach(parts, unknown.slice(0, contentsAtOnce), async (transaction, digest) => {
    if (!(await isOld(digest))) return false;
    return deleteStray(transaction, digest, () => blobs.delete(digest));
  });
}

async function deleteEach(
  { store, goesOn }: SweepParts,
  digests: readonly string[],
  remove: (transaction: PlatformTransaction, digest: string) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  for (const digest of digests) {
    if (!(await goesOn())) break;
    const isGone = await store.asPlatform(
      async transaction => (await mayDelete(transaction)) && (await remove(transaction, digest)),
    );
    if (isGone) count += 1;
  }
  return count;
}
