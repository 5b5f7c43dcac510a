// SPDX-License-Identifier: Apache-2.0
// Schedules as the database keeps them, by clocks that a test moves.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { Leases } from '../queue/leases.ts';
import { decideProfile } from '../store/registry.ts';
import { deleteSchedule, type FiringRow } from '../store/schedules.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { at, hour, minute, ScheduleWorld } from '../testing/schedule-world.ts';
import { askFor, submit } from '../testing/world.ts';
import { sweep } from '../upkeep/sweep.ts';
import { fireDue, startSchedules } from './scheduler.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

const hourly = { cron: '0 * * * *' };

describe.each([['embedded'], ['server']])('schedules, %s', kind => {
  let of: ScheduleWorld;

  beforeAll(async () => {
    of = await ScheduleWorld.open(kind === 'server' ? postgres : undefined);
  });
  afterAll(() => of[Symbol.asyncDispose]());
  afterEach(() => of.clear());

  test('a firing is a row, a scan and its place in the queue', async () => {
    await of.make(hourly);
    expect(await of.pass(at(59 * minute))).toBe(0);
    expect(await of.scans()).toEqual([]);
    expect(await of.pass(at(hour))).toBe(1);
    const [firing] = await of.firings();
    expect(firing).toMatchObject({ at: at(hour), fired_at: at(hour), outcome: 'asked', missed_since: null });
    expect(await of.scans()).toEqual([firing?.scan_id]);
    expect(await of.pass(at(hour))).toBe(0);
    const lease = await new Leases(of.parts).take('a test');
    expect(lease?.scan).toBe(firing?.scan_id);
  });

  test('of many replicas, at the same moment, one fires', async () => {
    for (let n = 0; n < 10; n += 1) await of.make(hourly, `of-${n}`);
    const replicas = [of.replica, await of.anotherReplica(), await of.anotherReplica(), await of.anotherReplica()];
    for (let hours = 1; hours <= 3; hours += 1) {
      const fired = await Promise.all(
        replicas.flatMap(each => [of.pass(at(hours * hour), each), of.pass(at(hours * hour), each)]),
      );
      expect(fired.reduce((sum, each) => sum + each, 0)).toBe(10);
      expect((await of.scans()).length).toBe(10 * hours);
      await of.endScans();
    }
    for (let n = 0; n < 10; n += 1)
      expect(await of.told(`of-${n}`)).toEqual(['06-01T13:00 asked', '06-01T14:00 asked', '06-01T15:00 asked']);
  });

  test('after a pause of the service one firing stands for all that were missed', async () => {
    await of.make(hourly);
    expect(await of.pass(at(24 * hour + 10 * minute))).toBe(1);
    expect(await of.firings()).toMatchObject([{ at: at(24 * hour), missed_since: at(hour), outcome: 'asked' }]);
    await of.endScans();
    expect(await of.pass(at(24 * hour + 20 * minute))).toBe(0);
    expect(await of.pass(at(25 * hour))).toBe(1);
    expect(await of.told()).toEqual(['06-02T12:00 asked', '06-02T13:00 asked']);
  });

  test('a clock that jumps forward a day makes one firing, and back again none for the same time', async () => {
    await of.make(hourly);
    await of.pass(at(hour));
    await of.endScans();
    const replicas = [of.replica, await of.anotherReplica()];
    const passAll = async (now: Date) => {
      const fired = await Promise.all(replicas.map(each => of.pass(now, each)));
      await of.endScans();
      return fired.reduce((sum, each) => sum + each, 0);
    };
    expect(await passAll(at(26 * hour + minute))).toBe(1); // forward
    expect(await of.told()).toEqual(['06-01T13:00 asked', '06-02T14:00 asked']);
    expect(await passAll(at(hour + 2 * minute))).toBe(0); // and back
    for (let hours = 2; hours <= 27; hours += 1)
      expect([hours, await passAll(at(hours * hour))]).toEqual([hours, hours === 26 ? 0 : 1]);
    const nominal = (await of.firings()).map(each => each.at.getTime());
    expect(nominal).toEqual(Array.from({ length: 27 }, (_, n) => at((n + 1) * hour).getTime()));
    expect((await of.scans()).length).toBe(27);
  });

  test('a schedule that is paused and resumed does not fire twice for one time', async () => {
    await of.make({ cron: '0 * * * *', jitter: '50m' });
    await of.pass(at(2 * hour));
    await of.endScans();
    const [first] = await of.firings();
    await of.setPaused(true, at(2 * hour));
    expect(await of.pass(at(9 * hour))).toBe(0);
    await of.setPaused(false, at(hour)); // by a clock that is an hour behind
    await of.pass(at(2 * hour));
    expect(await of.told()).toEqual([`${first?.at.toISOString().slice(5, 16)} asked`]);
    await of.setPaused(true, at(3 * hour));
    await of.setPaused(false, at(9 * hour + 55 * minute));
    await of.endScans();
    expect(await of.pass(at(10 * hour + 55 * minute))).toBe(1); // what it missed meanwhile is not made up for
    const last = (await of.firings()).at(-1);
    expect(last?.missed_since).toBeNull();
  });

  test('a firing while the scan before still runs is skipped, and says which', async () => {
    await of.make(hourly);
    await of.pass(at(hour));
    await of.pass(at(2 * hour));
    const [asked, skipped] = await of.firings();
    expect(skipped).toMatchObject({ outcome: 'skipped', scan_id: asked?.scan_id });
    expect((await of.scans()).length).toBe(1);
    await of.endScans();
    await of.pass(at(3 * hour));
    expect(await of.told()).toEqual(['06-01T13:00 asked', '06-01T14:00 skipped', '06-01T15:00 asked']);
  });

  test('a firing joins a scan that somebody else has asked for', async () => {
    const { id } = await submit(of.parts, of.world.shop, askFor('pod/nightly'));
    await of.make(hourly);
    await of.pass(at(hour));
    expect(await of.firings()).toMatchObject([{ outcome: 'asked', joined: true, scan_id: id }]);
  });

  test('a profile that is approved no more is a firing that says so, and the next one goes on', async () => {
    await of.make(hourly);
    const decide = (state: 'approved' | 'withdrawn') =>
      of.parts.store.asTeam(of.world.shop.team, transaction =>
        decideProfile(transaction, { slug: 'base', version: '1.0.0', state }, of.world.shop),
      );
    await decide('withdrawn');
    expect(await of.pass(at(hour))).toBe(1);
    await decide('approved');
    expect(await of.scans()).toEqual([]);
    expect(await of.firings()).toMatchObject([
      {
        outcome: 'refused',
        scan_id: null,
        error: { code: 'PROFILE_UNAPPROVED', message: 'Profile base is withdrawn' },
      },
    ]);
    expect(await of.pass(at(2 * hour))).toBe(1);
    expect(await of.told()).toEqual(['06-01T13:00 refused', '06-01T14:00 asked']);
  });

  test('what is refused late leaves no half of a scan', async () => {
    await of.make(hourly);
    const rows = await of.parts.database.kysely.selectFrom('profile').select(['blob']).execute();
    const digest = rows[0]?.blob ?? '';
    const whole = await of.parts.blobs.get(digest);
    await of.parts.exchange(digest, Buffer.from('something else'));
    const others = rows.map(({ blob }) => blob).filter(blob => blob !== digest);
    const kept = await Promise.all(others.map(blob => of.parts.blobs.get(blob)));
    for (const blob of others) await of.parts.exchange(blob, Buffer.from('something else'));
    await of.pass(at(hour));
    await of.parts.exchange(digest, whole);
    for (const [index, blob] of others.entries()) await of.parts.exchange(blob, kept[index] ?? Buffer.alloc(0));
    expect(await of.firings()).toMatchObject([{ outcome: 'refused', error: { code: 'SERVICE_DATA' } }]);
    expect(await of.scans()).toEqual([]);
    await of.pass(at(2 * hour));
    expect(await of.told()).toEqual(['06-01T13:00 refused', '06-01T14:00 asked']);
  });

  test('a firing that fails for a reason of ours is tried again, and keeps no other from firing', async () => {
    await of.make(hourly, 'first');
    await of.make(hourly, 'second');
    await sql`create function test_full() returns trigger language plpgsql as 'begin
      if new.ask -> ''targets'' ? ''pod/first'' then raise exception ''the disk is full''; end if; return new; end'`.execute(
      of.parts.database.kysely,
    );
    await sql`create trigger test_full before insert on scan for each row execute function test_full()`.execute(
      of.parts.database.kysely,
    );
    const errors: unknown[] = [];
    expect(await fireDue(of.replica, at(hour), error => errors.push(error))).toBe(1);
    expect(errors).toMatchObject([{ message: 'the disk is full' }]);
    expect([await of.told('first'), await of.told('second')]).toEqual([[], ['06-01T13:00 asked']]);
    await sql`drop trigger test_full on scan`.execute(of.parts.database.kysely);
    await sql`drop function test_full`.execute(of.parts.database.kysely);
    expect(await of.pass(at(hour + minute))).toBe(1);
    expect(await of.told('first')).toEqual(['06-01T13:00 asked']);
  });

  test('jitter is the same each time, and of each schedule its own', async () => {
    const delays = new Set<number>();
    for (let n = 0; n < 5; n += 1) {
      const { nominal_at: nominal, id } = await of.make({ cron: '0 * * * *', jitter: '30m' }, `of-${n}`);
      const row = await of.parts.database.kysely
        .selectFrom('schedule')
        .select('due_at')
        .where('id', '=', id)
        .executeTakeFirst();
      const delay = (row?.due_at?.getTime() ?? 0) - (nominal?.getTime() ?? 0);
      delays.add(delay);
      expect(delay).toBeLessThanOrEqual(30 * minute);
      const due = (nominal?.getTime() ?? 0) + delay;
      expect(await of.pass(new Date(due - 1))).toBe(0);
      expect(await of.pass(new Date(due))).toBe(1);
      expect(await of.firings(`of-${n}`)).toMatchObject([{ at: nominal, missed_since: null }]);
      await of.parts.store.asTeam(of.world.shop.team, transaction =>
        deleteSchedule(transaction, `of-${n}`, of.world.shop),
      );
      await of.endScans();
    }
    expect(delays.size).toBeGreaterThan(1);
  });

  test('a time that clocks leave out fires in the database too, once', async () => {
    const now = new Date('2027-03-27T20:00:00Z');
    await of.make({ cron: '30 2 * * *', timeZone: 'Europe/Berlin', now });
    for (let n = 0; n <= 48; n += 1) {
      await of.pass(new Date(now.getTime() + n * hour));
      await of.endScans();
    }
    expect(await of.told()).toEqual(['03-28T01:00 asked', '03-29T00:30 asked']);
  });

  test('whom a schedule tells is told of the end of each scan, from a sealed address', async () => {
    const address = { url: 'https://ci.example/hook?token=secret', authentication: 'Bearer secret' };
    const { id } = await of.make({ ...hourly, address });
    const { rows } = await sql<{ text: string }>`
      select schedule::text as text from schedule where id = ${id}`.execute(of.parts.database.kysely);
    expect(rows[0]?.text).toContain('https://ci.example');
    expect(rows[0]?.text).not.toContain('secret');
    expect(rows[0]?.text).not.toContain(Buffer.from('secret').toString('hex'));
    await of.pass(at(hour));
    const [scan] = await of.scans();
    const callbacks = await of.parts.database.kysely.selectFrom('scan_callback').select(['scan_id', 'shown']).execute();
    expect(callbacks).toEqual([{ scan_id: scan, shown: 'https://ci.example' }]);
  });

  test('firings are forgotten with the scans of their time, but for the last one', async () => {
    await of.make({ cron: '0 12 * * *' });
    for (let day = 1; day <= 3; day += 1) {
      await of.pass(at(day * 24 * hour));
      await of.endScans();
    }
    await sweep({ ...of.parts, now: at(4000 * 24 * hour), goesOn: () => Promise.resolve(true) });
    expect((await of.firings()).map(each => each.at)).toEqual([at(3 * 24 * hour)]);
  });

  test('schedulers that run fire what is due by the clock of the database, and a new one does not again', async () => {
    await of.make({ every: '6h', now: new Date(Date.now() - 7 * hour) });
    const onError = (error: unknown) => of.parts.errors.push(new Error('failed', { cause: error }));
    for (let starts = 0; starts < 2; starts += 1) {
      const replicas = [of.replica, await of.anotherReplica(), await of.anotherReplica()];
      const running = replicas.map(each => startSchedules({ ...each, onError, idleMs: 10 }));
      for (let seen: FiringRow[] = []; seen.length === 0; await pause(10)) seen = await of.firings();
      for (const each of running) await each[Symbol.asyncDispose]();
      await of.endScans();
    }
    expect(await of.told()).toHaveLength(1);
    expect(of.parts.errors).toEqual([]);
  });
});

test('a replica that is killed in the middle of a firing leaves none of it, and another one fires', async () => {
  await using of = await ScheduleWorld.open(postgres);
  await of.make(hourly);
  const killed = await of.anotherReplica();
  const { kysely } = of.parts.database;
  const released = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = of.parts.store.asPlatform(async transaction => {
    await sql`select pg_advisory_xact_lock(hashtext('cinc-scan audit'))`.execute(transaction);
    held.resolve();
    await released.promise;
  });
  await held.promise;
  const firing = of.pass(at(hour), killed).then(String, String); // waits where the scan is there, and its job is not
  const waiting = sql<{ pid: number }>`
    select pid from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`;
  for (let pids: { pid: number }[] = []; pids.length === 0; ) {
    ({ rows: pids } = await waiting.execute(kysely));
    for (const { pid } of pids) await sql`select pg_terminate_backend(${pid})`.execute(kysely);
  }
  released.resolve();
  await holding;
  expect(await firing).toMatch(/terminat/i);
  expect([await of.firings(), await of.scans()]).toEqual([[], []]);
  expect(await of.pass(at(hour + minute))).toBe(1);
  expect([await of.told(), (await of.scans()).length]).toEqual([['06-01T13:00 asked'], 1]);
});
