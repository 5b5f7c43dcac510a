// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { Leases } from '../queue/leases.ts';
import { verifyChain } from '../store/audit-log.ts';
import { createTeamKey, revokeKey } from '../store/keys.ts';
import { requestCancel } from '../store/scans.ts';
import { type Answers, answersOf } from '../testing/answers.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { keepTestReports } from '../testing/reports.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';
import { backUp } from './backup.ts';
import { checkBackup, restore } from './restore.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

const serverOf = (kind: string): PostgresServer | undefined => (kind === 'server' ? postgres : undefined);

const judged = { kind: 'judged', reason: 'met', counts: { passed: 1 }, failure: undefined, mayPass: false } as const;

/** A scan in each state, of two teams, with reports. */
async function live(parts: TestStore, { shop, bank }: World): Promise<void> {
  const leases = new Leases(parts);
  const take = async () => {
    const lease = await leases.take('a test');
    if (lease === undefined) throw new Error('nothing waits');
    return lease;
  };
  const reports = await keepTestReports(parts, [
    { file: 'scan.json', kind: 'scan', bytes: Buffer.from('{"a":"ü\\u0000"}') },
    { file: 'report.html', kind: 'html', bytes: randomBytes(3_000_000) },
    { file: 'summary.md', kind: 'markdown', bytes: Buffer.alloc(0) },
  ]);
  await submit(parts, shop, { ...askFor('pod/passed'), key: 'one', threshold: 'half' });
  const passed = await take();
  await leases.tell(passed, [{ kind: 'stage', data: { stage: 'plan', text: 'ä\n"\\' } }]);
  await leases.end(passed, { ...judged, verdict: 'pass', exitCode: 0, reports });
  await submit(parts, bank, askFor('pod/failed'));
  await leases.end(await take(), { ...judged, verdict: 'fail', exitCode: 3, reports: reports.slice(0, 1) });
  await submit(parts, shop, askFor('pod/refused'));
  const failure = { code: 'INPUT_INVALID', message: 'm', remedy: 'r' };
  await leases.end(await take(), { kind: 'refused', failure, mayPass: false });
  const { id } = await submit(parts, shop, askFor('pod/cancelled'));
  await parts.store.asTeam(shop.team, transaction => requestCancel(transaction, { id, asker: undefined }, shop));
  await submit(parts, shop, askFor('pod/running'));
  await take();
  await submit(parts, shop, askFor('pod/queued'));
  const key = { name: 'old', role: 'viewer', expiresAt: new Date(Date.now() + 60_000) } as const;
  await parts.store.asTeam(shop.team, async transaction => {
    const made = await createTeamKey(transaction, key, shop);
    await revokeKey(transaction, made.id, shop);
  });
  // Else it changes with the questions of the test.
  await sql`update api_key set last_used_at = now() + interval '1 hour'`.execute(parts.database.kysely);
}

async function archiveOf({ database, blobs }: TestStore): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await backUp({ kysely: database.kysely, blobs, service: '1.0.0' }, async compressed => {
    for await (const piece of compressed) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

const readable = (bytes: Buffer): Readable => Readable.from([bytes], { objectMode: false });

describe.each([['embedded'], ['server']])('a backup of a service, %s', kind => {
  let parts: TestStore;
  let world: World;
  let archive: Buffer;
  let answers: Answers;

  beforeAll(async () => {
    parts = await openTestStore(serverOf(kind));
    world = await makeWorld(parts);
    await live(parts, world);
    answers = await answersOf(parts, world);
    archive = await archiveOf(parts);
  });
  afterAll(async () => {
    await parts[Symbol.asyncDispose]();
  });

  test.each([['embedded'], ['server']])(
    'gives the same answers from an empty one, %s, whose audit log is whole and goes on',
    async target => {
      await using restored = await openTestStore(serverOf(target), ({ database, blobs }) =>
        restore({ kysely: database.kysely, blobs }, readable(archive)),
      );
      const after = await answersOf(restored, world);
      expect(Object.keys(after).length).toBeGreaterThan(40);
      expect(after).toEqual(answers);
      const leases = new Leases(restored);
      for (const { id } of await restored.store.asPlatform(each => each.selectFrom('cluster').select('id').execute()))
        await restored.queue.addCluster(id);
      expect(await leases.adopt()).toBe(2);
      expect(await leases.adopt()).toBe(0);
      const taken = await leases.take('a test');
      expect(taken).toMatchObject({ attempt: 1, before: [expect.any(String)] });
      expect(await leases.take('a test')).toMatchObject({ attempt: 1, before: [] });
      await submit(restored, world.shop, askFor('pod/later'));
      expect((await restored.store.asPlatform(verifyChain)).broken).toEqual([]);
    },
  );

  test('is restored into nothing that has rows', async () => {
    const { database, blobs } = parts;
    await expect(restore({ kysely: database.kysely, blobs }, readable(archive))).rejects.toMatchObject({
      code: 'SERVICE_NOT_EMPTY',
    });
    expect(await answersOf(parts, world)).toEqual(answers);
  });

  test('can be checked without being restored', async () => {
    const { rows, blobs, head } = await checkBackup(readable(archive));
    expect({ teams: rows['team'], scans: rows['scan'], blobs, service: head.service }).toEqual({
      teams: 2,
      scans: 6,
      blobs: 5,
      service: '1.0.0',
    });
  });
});

describe('a backup', () => {
  let archive: Buffer;
  beforeAll(async () => {
    await using parts = await openTestStore(postgres);
    await live(parts, await makeWorld(parts));
    archive = await archiveOf(parts);
  });

  test('has nothing that was written while it was made', async () => {
    await using parts = await openTestStore(postgres);
    const world = await makeWorld(parts);
    await submit(parts, world.shop, askFor('pod/before'));
    const { database, blobs } = parts;
    const pieces: Buffer[] = [];
    const counts = await backUp({ kysely: withPause(), blobs, service: '1.0.0' }, async compressed => {
      for await (const piece of compressed) pieces.push(piece);
    });
    expect(counts.rows['scan']).toBe(1);
    expect((await checkBackup(readable(Buffer.concat(pieces)))).rows['scan']).toBe(1);

    /** The database, where somebody asks for a scan once the first rows were read. */
    function withPause() {
      let isFirst = true;
      return database.kysely.withPlugin({
        transformQuery: ({ node }) => node,
        transformResult: async ({ result }) => {
          if (isFirst && result.rows.some(row => 'json' in row)) {
            isFirst = false;
            await submit(parts, world.shop, askFor('pod/meanwhile'));
          }
          return result;
        },
      });
    }
  });

  test('is not made of content that is not what it was', async () => {
    await using parts = await openTestStore(postgres);
    await live(parts, await makeWorld(parts));
    const { digest } = await parts.store.asPlatform(each =>
      each.selectFrom('blob').select('digest').orderBy('bytes', 'desc').limit(1).executeTakeFirstOrThrow(),
    );
    await parts.blobs.delete(digest);
    await expect(archiveOf(parts)).rejects.toMatchObject({
      code: 'SERVICE_DATA',
      message: expect.stringContaining(digest),
    });
  });

  const plain = () => zstdDecompressSync(archive);
  const changed = (from: string, to: string) => {
    const bytes = plain();
    const at = bytes.indexOf(from);
    if (at === -1) throw new Error(`there is no ${from}`);
    return zstdCompressSync(Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + from.length)]));
  };
  const without = (line: RegExp) => {
    const bytes = plain();
    const [found] = line.exec(bytes.toString('latin1')) ?? [];
    return changed(found ?? 'nothing', '');
  };
  const hostile: [what: string, bytes: () => Buffer, code: string][] = [
    ['nothing', () => Buffer.alloc(0), 'BACKUP_INVALID'],
    ['not one at all', () => Buffer.from('not a backup'), 'BACKUP_INVALID'],
    ['something else that is compressed', () => zstdCompressSync(Buffer.from('{}\n')), 'BACKUP_INVALID'],
    ['cut off', () => archive.subarray(0, archive.length - 100), 'BACKUP_INVALID'],
    ['cut off in the middle', () => archive.subarray(0, archive.length / 2), 'BACKUP_INVALID'],
    ['cut off, and compressed again', () => zstdCompressSync(plain().subarray(0, -200)), 'BACKUP_INVALID'],
    ['without its end', () => zstdCompressSync(plain().subarray(0, plain().lastIndexOf('end {'))), 'BACKUP_INVALID'],
    [
      'one with something behind its end',
      () => zstdCompressSync(Buffer.concat([plain(), Buffer.from('row x {}\n')])),
      'BACKUP_INVALID',
    ],
    ['one with a value that was changed', () => changed('"slug": "bank"', '"slug": "bonk"'), 'BACKUP_INVALID'],
    ['one whose content was changed', () => changed('{"a":"', '{"b":"'), 'BACKUP_INVALID'],
    ['one that lacks a row', () => without(/row submission .*\n/), 'BACKUP_INVALID'],
    ['one with a row of an unknown table', () => changed('row submission ', 'row pg_authid '), 'BACKUP_INVALID'],
    ['one with a line of another kind', () => changed('row submission ', 'sql submission '), 'BACKUP_INVALID'],
    ['one with another date', () => changed('"made":"20', '"made":"21'), 'BACKUP_INVALID'],
    ['one of a later format', () => changed('{"version":1,', '{"version":2,'), 'BACKUP_VERSION'],
    ['one of a later layout', () => changed('"migrations":[', '"migrations":["9999-later",'), 'BACKUP_VERSION'],
    [
      'one of a layout that there never was',
      () => changed('"migrations":["0001-first"', '"migrations":["0000-none"'),
      'BACKUP_VERSION',
    ],
  ];
  test.each(hostile)('is refused where it is %s, and nothing of it is there', async (_, make, code) => {
    const bytes = make();
    await expect(checkBackup(readable(bytes))).rejects.toMatchObject({ code });
    let left: number | undefined;
    const into = openTestStore(postgres, async ({ database, blobs }) => {
      const failed = await restore({ kysely: database.kysely, blobs }, readable(bytes)).catch(
        (error: unknown) => error,
      );
      const { rows } = await sql`select 1 from team`.execute(database.kysely).catch(() => ({ rows: [] }));
      left = rows.length;
      throw failed;
    });
    await expect(into).rejects.toMatchObject({ code });
    expect(left).toBe(0);
  });
});
