// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Ask } from '../domain/ask.ts';
import { Leases } from '../queue/leases.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { keepTestReports } from '../testing/reports.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, callerOf, makeWorld, submit, type World } from '../testing/world.ts';
import { verifyChain } from './audit-log.ts';
import { createTeamKey, revokeKey } from './keys.ts';
import { migrate, requireMigrated } from './migrate.ts';
import { eventsAfter, getScan, listScans, reportsOf, requestCancel } from './scans.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('the store, %s', kind => {
  let parts: TestStore;
  let world: World;
  let leases: Leases;

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
    leases = new Leases(parts);
  });
  afterAll(async () => {
    await parts[Symbol.asyncDispose]();
    expect(parts.errors).toEqual([]);
  });

  const stateOf = (id: string) => parts.store.asTeam(world.shop.team, transaction => getScan(transaction, id));

  /** Takes what waits, until the scan that is meant. */
  const take = async (id: string) => {
    const lease = await leases.take('a test');
    if (lease?.scan !== id) throw new Error(`expected ${id}, got ${lease?.scan}`);
    return lease;
  };
  const judged = {
    kind: 'judged',
    verdict: 'pass',
    reason: 'met',
    exitCode: 0,
    counts: { passed: 1 },
    failure: undefined,
    mayPass: false,
  } as const;

  test('keeps a query out of the transaction of another caller', async () => {
    const inside = Promise.withResolvers<void>();
    const may = Promise.withResolvers<void>();
    const first = parts.store.asTeam(world.shop.team, async () => {
      inside.resolve();
      await may.promise;
    });
    await inside.promise;
    const second = parts.store.asTeam(world.bank.team, transaction =>
      listScans(transaction, { state: undefined, after: undefined, limit: 10 }),
    );
    may.resolve();
    await first;
    expect(await second).toEqual([]);
  });

  test('takes five equal submissions under one key for one scan, and refuses another body', async () => {
    const ask = askFor('pod/five');
    const made = await Promise.all(Array.from({ length: 5 }, () => submit(parts, world.shop, { ...ask, key: 'five' })));
    const ids = made.map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    expect(await submit(parts, world.shop, { ...ask, key: 'five' })).toMatchObject({ id: ids[0], kind: 'same' });
    await expect(submit(parts, world.shop, { ...askFor('pod/other'), key: 'five' })).rejects.toMatchObject({
      code: 'SERVICE_CONFLICT',
    });
    expect(await submit(parts, world.shop, ask)).toMatchObject({ id: ids[0], kind: 'waiting' });
    expect(await submit(parts, world.bank, { ...ask, key: 'five' })).toMatchObject({ kind: 'new' });
  });

  test("refuses what is not the team's as if it were not there", async () => {
    const strange: [change: Partial<Ask>, code: string][] = [
      [{ namespace: ['vault'] }, 'SERVICE_NOT_FOUND'],
      [{ cluster: 'west' }, 'SERVICE_NOT_FOUND'],
      [{ profile: ['unknown'] }, 'SERVICE_NOT_FOUND'],
      [{ profile: ['base@9.9.9'] }, 'SERVICE_NOT_FOUND'],
      [{ threshold: 'unknown' }, 'SERVICE_NOT_FOUND'],
    ];
    for (const [change, code] of strange)
      await expect(submit(parts, world.shop, { ...askFor('pod/x'), ...change })).rejects.toMatchObject({ code });
  });

  test('ends each scan once: the word of an attempt that was given up changes nothing', async () => {
    await drain();
    const { id } = await submit(parts, world.shop, askFor('pod/once'));
    const lease = await take(id);
    expect(await leases.touch(lease)).toBe('go-on');
    await leases.tell(lease, [{ kind: 'stage', data: { stage: 'plan' } }]);
    expect(
      await leases.end(lease, {
        kind: 'refused',
        failure: { code: 'CLUSTER_UNREACHABLE', message: 'm', remedy: 'r' },
        mayPass: true,
      }),
    ).toBe(true);
    expect(await stateOf(id)).toMatchObject({ state: 'queued', attempt: 1 });
    const second = await take(id);
    expect(second).toMatchObject({ attempt: 2, before: [lease.runId] });
    expect(await leases.touch(lease)).toBe('lost');
    expect(await leases.end(lease, { ...judged, reports: [] })).toBe(false);
    await leases.tell(lease, [{ kind: 'late', data: {} }]);
    expect(await stateOf(id)).toMatchObject({ state: 'running', verdict: null });
    const reports = await keepTestReports(parts, [{ file: 'scan.json', kind: 'scan', bytes: Buffer.from('{}') }]);
    expect(await leases.end(second, { ...judged, reports })).toBe(true);
    expect(await leases.end(second, { ...judged, reports })).toBe(false);
    expect(await stateOf(id)).toMatchObject({ state: 'done', verdict: 'pass', exit_code: 0 });
    const left = await parts.store.asTeam(world.shop.team, async transaction => ({
      reports: await reportsOf(transaction, id),
      events: await eventsAfter(transaction, id, 0),
    }));
    expect(left.reports.map(({ file }) => file)).toEqual(['scan.json']);
    expect(left.events.map(({ n, kind: of, attempt }) => [n, of, attempt])).toEqual([[1, 'stage', 1]]);
  });

  test('gives a scan out again whose runner went away, and gives it up when that happens twice', async () => {
    await drain();
    const { id } = await submit(parts, world.shop, askFor('pod/lost'));
    const first = await take(id);
    await silence(id);
    await recovered();
    expect(await leases.recover()).toBe(0);
    expect(await stateOf(id)).toMatchObject({ state: 'queued', attempt: 1 });
    const second = await take(id);
    expect(second).toMatchObject({ attempt: 2, clean: undefined, before: [first.runId] });
    expect(await leases.end(first, { ...judged, reports: [] })).toBe(false);
    const before = [first.runId, second.runId];
    for (const attempt of [3, 4, 5]) {
      await silence(id);
      await recovered();
      const clean = await take(id);
      expect(clean).toMatchObject({ attempt, clean: 'lost', before });
      before.push(clean.runId);
    }
    await silence(id);
    expect(await leases.recover()).toBe(0);
    const lost = Promise.withResolvers<string>();
    await parts.queue.onLost(async scan => {
      await leases.lose(scan);
      lost.resolve(scan);
    });
    expect(await lost.promise).toBe(id);
    expect(await stateOf(id)).toMatchObject({ state: 'failed', verdict: null, error: { code: 'RUN_LOST' } });
    expect(await leases.end(second, { ...judged, reports: [] })).toBe(false);
  });

  test('cancels a scan whose runner went away once what that left is taken back', async () => {
    await drain();
    const { id } = await submit(parts, world.shop, askFor('pod/cancelled-late'));
    const first = await take(id);
    await silence(id);
    await recovered();
    await parts.store.asTeam(world.shop.team, transaction =>
      requestCancel(transaction, { id, asker: undefined }, world.shop),
    );
    expect(await stateOf(id)).toMatchObject({ state: 'queued' });
    const second = await take(id);
    expect(second).toMatchObject({ attempt: 2, clean: 'cancelled', before: [first.runId] });
    expect(await leases.end(second, { kind: 'cancelled' })).toBe(true);
    expect(await stateOf(id)).toMatchObject({ state: 'cancelled' });
  });

  test('gives up a scan after the second attempt', async () => {
    await drain();
    const { id } = await submit(parts, world.shop, askFor('pod/twice'));
    const failure = { code: 'CLUSTER_UNREACHABLE', message: 'm', remedy: 'r' };
    for (const state of ['queued', 'failed']) {
      expect(await leases.end(await take(id), { kind: 'refused', failure, mayPass: true })).toBe(true);
      expect(await stateOf(id)).toMatchObject({ state });
    }
    expect(await stateOf(id)).toMatchObject({ verdict: null, error: failure });
    expect(await leases.take('a test')).toBeUndefined();
  });

  test('tries no finding and no mistake of the caller again', async () => {
    await drain();
    const { id } = await submit(parts, world.shop, askFor('pod/mistake'));
    await leases.end(await take(id), {
      kind: 'refused',
      failure: { code: 'INPUT_INVALID', message: 'm', remedy: 'r' },
      mayPass: false,
    });
    expect(await stateOf(id)).toMatchObject({ state: 'failed', attempt: 1 });
  });

  test('takes no more scans of a cluster than it may run, whoever asks', async () => {
    await drain();
    for (const name of ['a', 'b', 'c']) await submit(parts, world.shop, askFor(`pod/cap-${name}`));
    const taken = await Promise.all(Array.from({ length: 6 }, () => leases.take('a test')));
    const more = await leases.take('a test');
    const held = [...taken, more].flatMap(lease => lease ?? []);
    expect(held).toHaveLength(2);
    for (const lease of held) await leases.end(lease, { kind: 'cancelled' });
    await drain();
  });

  test('cancels a scan that waits at once, and tells the runner of one that runs', async () => {
    await drain();
    const cancel = (id: string) =>
      parts.store.asTeam(world.shop.team, transaction =>
        requestCancel(transaction, { id, asker: undefined }, world.shop),
      );
    const waiting = await submit(parts, world.shop, askFor('pod/waits'));
    expect(await cancel(waiting.id)).toMatchObject({ state: 'cancelled', waitedFor: expect.any(String) });
    expect(await leases.take('a test')).toBeUndefined();
    const running = await submit(parts, world.shop, askFor('pod/runs'));
    const lease = await take(running.id);
    expect(await cancel(running.id)).toMatchObject({ state: 'running' });
    expect(await leases.touch(lease)).toBe('cancel');
    await leases.end(lease, { kind: 'cancelled' });
    expect(await stateOf(running.id)).toMatchObject({ state: 'cancelled', verdict: null });
    expect(await cancel(running.id)).toMatchObject({ state: 'cancelled' });
  });

  test('ends what no runner took in time', async () => {
    await drain();
    const { id } = await submit(parts, world.shop, askFor('pod/late'));
    expect(await leases.expire(new Date(Date.now() + 7_200_000))).toBe(1);
    expect(await stateOf(id)).toMatchObject({ state: 'expired', error: { code: 'RUN_EXPIRED' } });
    expect(await leases.take('a test')).toBeUndefined();
  });

  test('has room for as many waiting scans as the team may have', async () => {
    await drain();
    await parts.store.asPlatform(transaction =>
      transaction.updateTable('team').set({ queue_quota: 1 }).where('id', '=', world.bank.team).execute(),
    );
    await submit(parts, world.bank, askFor('pod/fits'));
    await expect(submit(parts, world.bank, askFor('pod/too-much'))).rejects.toMatchObject({ code: 'SERVICE_QUOTA' });
    await drain();
  });

  test('lets no key in that was revoked', async () => {
    const { store } = parts;
    const key = { name: 'ci', role: 'scanner', expiresAt: new Date(Date.now() + 60_000) } as const;
    const made = await store.asTeam(world.shop.team, transaction => createTeamKey(transaction, key, world.shop));
    expect(await callerOf(parts, made.text.reveal())).toMatchObject({
      kind: 'team',
      role: 'scanner',
      teamSlug: 'shop',
    });
    await expect(
      store.asTeam(world.bank.team, transaction => revokeKey(transaction, made.id, world.bank)),
    ).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    await store.asTeam(world.shop.team, transaction => revokeKey(transaction, made.id, world.shop));
    await expect(callerOf(parts, made.text.reveal())).rejects.toMatchObject({ code: 'SERVICE_KEY_INVALID' });
    const old = await store.asTeam(world.shop.team, transaction =>
      createTeamKey(transaction, { ...key, expiresAt: new Date(0) }, world.shop),
    );
    await expect(callerOf(parts, old.text.reveal())).rejects.toMatchObject({ code: 'SERVICE_KEY_INVALID' });
  });

  test('keeps no key in clear', async () => {
    const { rows } = await sql<{
      text: string;
    }>`select (select jsonb_agg(k)::text from api_key k) || (select jsonb_agg(a)::text from audit_entry a) as text`.execute(
      parts.database.kysely,
    );
    for (const key of Object.values(world.keys)) expect(rows[0]?.text).not.toContain(key.slice(-32));
  });

  test('notices an entry of the audit log that was changed, and one that is gone', async () => {
    const { store, database } = parts;
    const broken = () => store.asPlatform(async transaction => (await verifyChain(transaction)).broken);
    expect(await broken()).toEqual([]);
    const undo = new Error('undo');
    for (const change of ["update audit_entry set object = 'x' where n = 3", 'delete from audit_entry where n = 3']) {
      const seen = database.kysely.transaction().execute(async transaction => {
        await sql.raw(change).execute(transaction);
        expect((await verifyChain(transaction)).broken).toHaveLength(1);
        throw undo;
      });
      await expect(seen).rejects.toBe(undo);
    }
    expect(await broken()).toEqual([]);
  });

  test('is there once, and is refused where it lacks something or is newer', async () => {
    const { kysely } = parts.database;
    await migrate(kysely);
    await requireMigrated(kysely);
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', 'now')`.execute(kysely);
    await expect(migrate(kysely)).rejects.toMatchObject({ code: 'SERVICE_SCHEMA' });
    await expect(requireMigrated(kysely)).rejects.toMatchObject({ code: 'SERVICE_SCHEMA' });
    await sql`delete from kysely_migration where name = '9999-later'`.execute(kysely);
  });

  /** As after minutes without a word of the runner. */
  async function silence(id: string): Promise<void> {
    await sql`update cinc_scan_queue.job set heartbeat_on = now() - interval '1 hour' where id = ${id}`.execute(
      parts.database.kysely,
    );
    await parts.queue.supervise();
  }

  /** The queue looks for the silent at most so often. */
  async function recovered(): Promise<void> {
    while ((await leases.recover()) === 0) {
      await pause(500);
      await parts.queue.supervise();
    }
  }

  /** Ends whatever waits or runs. */
  async function drain(): Promise<void> {
    for (;;) {
      const lease = await leases.take('a test');
      if (lease === undefined) return;
      await leases.end(lease, { kind: 'cancelled' });
    }
  }
});
