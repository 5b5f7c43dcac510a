// SPDX-License-Identifier: Apache-2.0
// Schedules over HTTP: what is taken, what is refused by name, and what is answered.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { fireDue } from '../schedules/scheduler.ts';
import { verifyChain } from '../store/audit-log.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { testSealer } from '../testing/sealer.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, type World } from '../testing/world.ts';

let parts: TestStore;
let world: World;
let served: TestApi;

beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
  served = await serveApi(parts);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});
beforeEach(() => sql`delete from schedule`.execute(parts.database.kysely));

interface Shown {
  name: string;
  next: string[];
  delaySeconds: number;
  paused: boolean;
  last: { outcome: string } | null;
}

/** A schedule, a page of them or of firings, or what is wrong. */
interface Answered extends Shown {
  items: { at: string; outcome: string; scan: string }[];
  code: string;
  detail: string;
}

interface Firings extends Omit<Answered, 'next'> {
  next: string | null;
}

async function call(method: string, path: string, body?: object) {
  const { status, body: answer } = await served.client.call(method, path, { key: world.keys.shop, body });
  return { status, body: answer as unknown as Answered };
}

const nightly = { name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin', scan: askFor('pod/web') };

describe('a schedule', () => {
  test('is answered with its next five times, and found again', async () => {
    const { status, body } = await call('POST', '/schedules', nightly);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: 'nightly',
      cron: '30 2 * * *',
      timeZone: 'Europe/Berlin',
      everySeconds: null,
      paused: false,
      last: null,
      scan: askFor('pod/web'),
    });
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' });
    expect(body.next).toHaveLength(5);
    const shown = body.next.map(time => clock.format(new Date(time)));
    expect(new Set(shown).size).toBeLessThan(3); // another time only where clocks leave this one out
    expect(shown).toContain('02:30');
    expect((await call('GET', '/schedules/nightly')).body).toEqual(body);
    expect((await call('GET', '/schedules')).body.items).toEqual([body]);
  });

  test('takes the short form of a request, and the address of whom to tell, of which it shows the origin', async () => {
    const scan = {
      target: { namespace: 'shop', pod: 'web' },
      scan: { profile: 'base', threshold: 'half' },
      callback: { url: 'https://ci.example/hook?token=s3cret' },
    };
    const { status, body } = await call('POST', '/schedules', { name: 'short', every: '6h', jitter: '20m', scan });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      cron: null,
      everySeconds: 21_600,
      jitterSeconds: 1200,
      callback: 'https://ci.example',
    });
    expect(JSON.stringify(body)).not.toContain('s3cret');
    const steps = body.next.slice(1).map((time, index) => Date.parse(time) - Date.parse(body.next[index] ?? ''));
    expect(new Set(steps)).toEqual(new Set([21_600_000]));
  });

  test('rests and goes on, is changed, and is gone', async () => {
    await call('POST', '/schedules', nightly);
    expect((await call('POST', '/schedules/nightly/pause')).body).toMatchObject({ paused: true, next: [] });
    expect((await call('POST', '/schedules/nightly/pause')).status).toBe(200);
    const { name: _, ...rest } = nightly;
    expect((await call('PUT', '/schedules/nightly', { ...rest, cron: '0 5 * * *' })).body).toMatchObject({
      cron: '0 5 * * *',
      paused: true,
      next: [],
    });
    const resumed = (await call('POST', '/schedules/nightly/resume')).body;
    expect([resumed.paused, resumed.next.length]).toEqual([false, 5]);
    expect((await call('DELETE', '/schedules/nightly')).status).toBe(204);
    expect((await call('GET', '/schedules/nightly')).status).toBe(404);
    const { rows } = await sql<{ action: string }>`
      select action from audit_entry where object = 'nightly' order by n desc limit 5`.execute(parts.database.kysely);
    expect(rows.map(({ action }) => action).toReversed()).toEqual([
      'schedule.create',
      'schedule.pause',
      'schedule.change',
      'schedule.resume',
      'schedule.delete',
    ]);
    expect((await parts.store.asPlatform(verifyChain)).broken).toEqual([]);
  });

  test('of a name that is taken is refused', async () => {
    await call('POST', '/schedules', nightly);
    expect(await call('POST', '/schedules', nightly)).toMatchObject({
      status: 409,
      body: { code: 'SERVICE_CONFLICT' },
    });
  });

  test('shows what came of each firing, a page after the other', async () => {
    await call('POST', '/schedules', { ...nightly, cron: '0 * * * *' });
    const { body: before } = await call('GET', '/schedules/nightly');
    const firing = { ...parts, sealer: testSealer, longestWaitMs: 60_000 };
    for (const time of before.next)
      await fireDue(firing, new Date(time), error => {
        throw error;
      });
    const { body: schedule } = await call('GET', '/schedules/nightly');
    expect(schedule.last).toMatchObject({ at: before.next[4], outcome: 'skipped' });
    const items: Answered['items'] = [];
    for (let next: string | null = ''; next !== null; ) {
      const query: string = next === '' ? '' : `&after=${next}`;
      const { body } = await call('GET', `/schedules/nightly/firings?limit=2${query}`);
      const page = body as unknown as Firings;
      items.push(...page.items);
      ({ next } = page);
    }
    expect(items.map(({ at }) => at)).toEqual(before.next.toReversed());
    expect(items.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'asked']);
    expect((await call('GET', `/scans/${items[0]?.scan}`)).body).toMatchObject({ state: 'queued' });
  });
});

describe('refused by name is', () => {
  test.each([
    ['a day that does not exist', { cron: '0 0 31 2 *' }, 'cron: "0 0 31 2 *" names a day that no year has'],
    ['a time zone that does not exist', { timeZone: 'Mars/Base' }, 'timeZone: there is no time zone "Mars/Base"'],
    ['a line that fires too often', { cron: '* * * * *' }, 'fires 1 minutes after it fired'],
    ['a time that is too short', { cron: undefined, timeZone: undefined, every: '1m' }, 'every: 1m is too often'],
    ['a line beside a time', { every: '6h' }, 'cron, every: expected one of them'],
    ['neither of them', { cron: undefined, timeZone: undefined }, 'cron, every: expected one of them'],
    ['a time zone of a time', { cron: undefined, every: '6h' }, 'timeZone: expected none beside every'],
    ['jitter of days', { jitter: '25h' }, 'jitter: expected a day at the most'],
    ['a profile that nobody has', { scan: { ...nightly.scan, profile: ['none'] } }, 'The team has no profile none'],
    ['a namespace of others', { scan: { ...nightly.scan, namespace: ['bank'] } }, 'The team has no namespace bank'],
    ['a selector that is none', { scan: { ...nightly.scan, targets: ['a/b/c'] } }, 'a/b/c'],
    ['a key that is unknown', { often: true }, 'often'],
    ['a file of the service', { scan: { ...nightly.scan, kubeconfig: '/etc/passwd' } }, 'scan'],
  ])('%s', async (_, change, said) => {
    for (const [method, path] of [
      ['POST', '/schedules'],
      ['PUT', '/schedules/nightly'],
    ] as const) {
      const { name, ...rest } = { ...nightly, ...change };
      const { status, body } = await call(method, path, method === 'POST' ? { name, ...rest } : rest);
      expect([path, [400, 404, 409, 422].includes(status)]).toEqual([path, true]);
      expect(body.detail).toContain(said);
    }
    expect((await call('GET', '/schedules')).body.items).toEqual([]);
  });
});
