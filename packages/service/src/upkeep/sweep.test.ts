// SPDX-License-Identifier: Apache-2.0
// What is deleted, when, and what never is.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { toRetention } from '../domain/retention.ts';
import { verifyChain } from '../store/audit-log.ts';
import { deleteUnused, noteUnused, recordSurely, withoutDeletions } from '../store/contents.ts';
import { takeDuty } from '../store/duty.ts';
import { setRetention } from '../store/retention.ts';
import type { TeamCaller } from '../store/teams.ts';
import { finishScan } from '../testing/finished-scan.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';

import { sweep } from './sweep.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

const dayMs = 86_400_000;
const hourMs = 3_600_000;

describe.each([['embedded'], ['server']])('what is over, %s', kind => {
  let parts: TestStore;
  let world: World;
  let start: number;

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
  });
  beforeEach(() => {
    start = Date.now();
  });
  afterAll(async () => {
    expect((await parts.store.asPlatform(verifyChain)).broken).toEqual([]);
    await parts[Symbol.asyncDispose]();
  });

  const at = (afterMs: number, goesOn = () => Promise.resolve(true)) =>
    sweep({ store: parts.store, blobs: parts.blobs, now: new Date(start + afterMs), goesOn });

  let count = 0;
  const scanOf = async (by: TeamCaller, contents: Record<string, Buffer>): Promise<string> => {
    const reports = Object.entries(contents).map(([of, bytes]) => ({ file: of, kind: of, bytes }));
    return finishScan(parts, by, { ask: askFor(`pod/swept-${++count}`), verdict: 'pass', reports });
  };
  const kindsOf = async (id: string): Promise<string[]> =>
    parts.store.asPlatform(async transaction => {
      const rows = await transaction.selectFrom('scan_report').select('kind').where('scan_id', '=', id).execute();
      return rows.map(each => each.kind).toSorted();
    });
  const isThere = async (id: string): Promise<boolean> =>
    parts.store.asPlatform(
      async each => (await each.selectFrom('scan').select('id').where('id', '=', id).execute()).length === 1,
    );
  const keep = (team: TeamCaller, days: Partial<Record<'events' | 'reports' | 'results' | 'scans', number | null>>) =>
    parts.store.asTeam(team.team, transaction => setRetention(transaction, { ...toRetention([]), ...days }, team));

  test('goes by kind and team, and nothing goes that was not wanted gone', async () => {
    const contents = { scan: Buffer.from('{}'), hdf: randomBytes(10), html: randomBytes(20), csv: randomBytes(30) };
    const ofShop = await scanOf(world.shop, contents);
    const ofBank = await scanOf(world.bank, { html: contents.html });
    const waiting = await submit(parts, world.shop, askFor('pod/waits-for-years'));
    await keep(world.bank, { events: null, reports: null, results: null, scans: null });
    await at(89 * dayMs);
    expect(await kindsOf(ofShop)).toEqual(['csv', 'hdf', 'html', 'scan']);
    await at(91 * dayMs);
    expect([await kindsOf(ofShop), await kindsOf(ofBank)]).toEqual([['hdf', 'scan'], ['html']]);
    await at(366 * dayMs);
    expect([await kindsOf(ofShop), await isThere(ofShop)]).toEqual([[], true]);
    await at(3650 * dayMs);
    expect([await isThere(ofShop), await isThere(ofBank), await isThere(waiting.id)]).toEqual([false, true, true]);
    expect(await kindsOf(ofBank)).toEqual(['html']);
    const entries = await parts.store.asPlatform(each =>
      each.selectFrom('audit_entry').select(['object', 'team_id']).where('action', '=', 'retention.delete').execute(),
    );
    expect(new Set(entries.map(({ object }) => object))).toEqual(new Set(['reports', 'results', 'scans']));
    expect(new Set(entries.map(({ team_id }) => team_id))).toEqual(new Set([world.shop.team]));
  });

  test('takes its content along once nobody refers to that, an hour later', async () => {
    const [own, shared] = [randomBytes(100), randomBytes(200)];
    await keep(world.shop, { reports: 1 });
    await keep(world.bank, { reports: null, scans: null, results: null, events: null });
    await scanOf(world.shop, { html: own, csv: shared });
    await scanOf(world.bank, { csv: shared });
    const [ownDigest, sharedDigest] = [await parts.blobs.put(own), await parts.blobs.put(shared)];
    await at(2 * dayMs);
    expect([await parts.blobs.has(ownDigest), await parts.blobs.has(sharedDigest)]).toEqual([true, true]);
    await at(2 * dayMs + hourMs / 2);
    expect(await parts.blobs.has(ownDigest)).toBe(true);
    expect(await at(2 * dayMs + 2 * hourMs)).toMatchObject({ contents: 1 });
    expect([await parts.blobs.has(ownDigest), await parts.blobs.has(sharedDigest)]).toEqual([false, true]);
    expect(await parts.blobs.get(sharedDigest)).toEqual(shared);
  });

  test('does not take away what a reader has begun to read', async () => {
    const bytes = randomBytes(4_000_000);
    await keep(world.shop, { reports: 1 });
    await scanOf(world.shop, { html: bytes });
    const reading = (await parts.blobs.getStream(await parts.blobs.put(bytes)))[Symbol.asyncIterator]();
    const pieces = [(await reading.next()).value as Buffer];
    await at(2 * dayMs);
    expect(await at(3 * dayMs)).toMatchObject({ contents: 1 });
    for (let next = await reading.next(); next.done !== true; next = await reading.next())
      pieces.push(next.value as Buffer);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  test('is kept if it is used again in the meantime', async () => {
    const bytes = randomBytes(100);
    await keep(world.shop, { reports: 1 });
    await scanOf(world.shop, { html: bytes });
    const digest = await parts.blobs.put(bytes);
    await at(2 * dayMs);
    await keep(world.shop, { reports: null, scans: null });
    await scanOf(world.shop, { html: bytes });
    expect(await at(3 * dayMs)).toMatchObject({ contents: 0 });
    expect(await parts.blobs.has(digest)).toBe(true);
    expect(
      await parts.store.asPlatform(each => deleteUnused(each, digest, () => Promise.reject(new Error('no')))),
    ).toBe(false);
  });

  test('is deleted by nobody while a backup is made', async () => {
    const bytes = randomBytes(100);
    await keep(world.shop, { reports: 1 });
    await scanOf(world.shop, { html: bytes });
    const digest = await parts.blobs.put(bytes);
    await at(2 * dayMs);
    if (kind === 'server') {
      const during = await withoutDeletions(parts.database.kysely, () => at(3 * dayMs));
      expect(during).toMatchObject({ contents: 0, strays: 0 });
      expect(await parts.blobs.has(digest)).toBe(true);
    }
    await at(3 * dayMs);
    expect(await parts.blobs.has(digest)).toBe(false);
  });

  test('is also what somebody put and never recorded, after a day', async () => {
    const bytes = randomBytes(100);
    const digest = await parts.blobs.put(bytes);
    const shard = Number.parseInt(digest.slice(0, 2), 16);
    // The sweep that comes to the part of the place where it lies.
    const turn = (fromMs: number) => {
      const first = Math.ceil((start + fromMs) / 600_000);
      return (first + ((shard - (first % 256) + 256) % 256)) * 600_000 - start;
    };
    const early = turn(0) < dayMs - hourMs ? turn(0) : undefined;
    if (early !== undefined) expect(await at(early)).toMatchObject({ strays: 0 });
    expect(await at(turn(dayMs + 1000))).toMatchObject({ strays: 1 });
    expect(await parts.blobs.has(digest)).toBe(false);
  });

  test('is also what a runner sent of a scan that ended without it', async () => {
    const bytes = randomBytes(100);
    const [digest, id] = [await parts.blobs.put(bytes), await scanOf(world.shop, {})];
    const upload = (scan: string) =>
      parts.store.forTeam(world.shop.team, async transaction => {
        await recordSurely(transaction, [{ digest, bytes: 100 }], each => parts.blobs.has(each));
        await transaction.insertInto('lease_upload').values({ scan_id: scan, blob: digest }).execute();
      });
    const waiting = await submit(parts, world.shop, askFor('pod/uploads'));
    await upload(waiting.id);
    for (const hours of [0, 2]) await at(hours * hourMs);
    expect(await parts.blobs.has(digest)).toBe(true);
    await parts.store.asPlatform(each => each.deleteFrom('lease_upload').execute());
    await upload(id);
    for (const hours of [3, 5]) await at(hours * hourMs);
    expect(await parts.blobs.has(digest)).toBe(false);
  });

  test('stops when it is told to', async () => {
    await keep(world.shop, { reports: 1 });
    const id = await scanOf(world.shop, { html: randomBytes(10) });
    await at(2 * dayMs, () => Promise.resolve(false));
    expect(await kindsOf(id)).toEqual(['html']);
  });

  test('cannot be recorded as a result where it is gone', async () => {
    const digest = await parts.blobs.put(randomBytes(50));
    await parts.blobs.delete(digest);
    const record = parts.store.asPlatform(transaction =>
      recordSurely(transaction, [{ digest, bytes: 50 }], each => parts.blobs.has(each)),
    );
    await expect(record).rejects.toMatchObject({ code: 'SERVICE_DATA' });
  });

  async function untilSomebodyWaits(): Promise<void> {
    for (let waiting = 0; waiting === 0; ) {
      const { rows } = await sql`select from pg_locks where not granted`.execute(parts.database.kysely);
      waiting = rows.length;
    }
  }

  test('waits for whoever records it at this moment', async () => {
    if (kind === 'embedded') return expect(kind).toBe('embedded'); // its transactions are one after the other
    const bytes = randomBytes(100);
    const digest = await parts.blobs.put(bytes);
    await keep(world.shop, { reports: 1 });
    await scanOf(world.shop, { html: bytes });
    await at(2 * dayMs);
    const [recorded, may] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const recording = parts.store.forTeam(world.bank.team, async transaction => {
      await recordSurely(transaction, [{ digest, bytes: 100 }], each => parts.blobs.has(each));
      const profile = { id: crypto.randomUUID(), slug: 'late', version: '1.0.0', digest, blob: digest } as const;
      await transaction
        .insertInto('profile')
        .values({ ...profile, state: 'pending', decided_by: null })
        .execute();
      recorded.resolve();
      await may.promise;
    });
    await recorded.promise;
    const sweeping = at(3 * dayMs);
    await Promise.race([sweeping, untilSomebodyWaits()]);
    may.resolve();
    await recording;
    await sweeping;
    expect(await parts.blobs.has(digest)).toBe(true);
  });

  test('is the duty of one at a time, and of another when that one has gone', async () => {
    const take = (holder: string, seconds: number) =>
      parts.store.asPlatform(transaction => takeDuty(transaction, { name: 'a test', holder, seconds }));
    expect([await take('one', 60), await take('two', 60), await take('one', -1), await take('two', 60)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    await parts.store.asPlatform(transaction => noteUnused(transaction, new Date()));
  });
});
