// SPDX-License-Identifier: Apache-2.0
// The ways in for browsers, and what tries to come in by them.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { hashOfState } from '../domain/sign-in-attempt.ts';
import { takeState } from '../store/sessions.ts';
import { serveApi } from '../testing/api-server.ts';
import { Browser } from '../testing/browser.ts';
import { ops, PeopleWorld, sessionCookie } from '../testing/people-world.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore } from '../testing/stores.ts';
import { makeWorld } from '../testing/world.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('browsers, %s', kind => {
  let people: PeopleWorld;
  beforeAll(async () => {
    people = await PeopleWorld.open(kind === 'server' ? postgres : undefined);
  });
  afterAll(async () => {
    await people[Symbol.asyncDispose]();
  });
  beforeEach(() => people.reset());

  describe('are not signed in', () => {
    const refusalOf = async (response: Response | Promise<Response>) => {
      const { status, text, headers } = await (async () => {
        const got = await response;
        return { status: got.status, text: await got.text(), headers: got.headers };
      })();
      expect(headers.getSetCookie().filter(line => line.startsWith(sessionCookie))).toEqual([]);
      const { code, detail } = JSON.parse(text) as Record<string, unknown>;
      return [status, code, detail];
    };
    const said = (why: string) => [401, 'SERVICE_SIGN_IN_REFUSED', `The sign-in was not finished: ${why}`];
    const foreign = said('it was not begun in this browser, or too long ago');

    test('where the state comes back twice', async () => {
      const back = await people.leave(ops);
      expect((await people.browser.send(back)).status).toBe(303);
      const [status, code] = await refusalOf(people.browser.send(back));
      expect([status, code]).toEqual([401, 'SERVICE_SIGN_IN_REFUSED']);
    });

    test('where the state was used and another code comes with it', async () => {
      const back = new URL(await people.leave(ops));
      expect((await people.browser.send(back.href)).status).toBe(303);
      const other = new URL(await people.leave(ops));
      back.searchParams.set('code', other.searchParams.get('code') ?? '');
      const [status, code] = await refusalOf(people.browser.send(back.href));
      expect([status, code]).toEqual([401, 'SERVICE_SIGN_IN_REFUSED']);
    });

    test('twice where the state comes back twice at once', async () => {
      const back = await people.leave(ops);
      const answers = await Promise.all([people.browser.send(back), people.browser.send(back)]);
      // A provider takes back what it gave for a code that comes twice, so that it may be neither.
      expect(answers.filter(({ status }) => status === 303).length).toBeLessThanOrEqual(1);
      const take = () =>
        people.parts.store.asPlatform(transaction => takeState(transaction, hashOfState(back), new Date()));
      expect((await Promise.all([take(), take(), take()])).filter(Boolean)).toHaveLength(1);
    });

    test('in another browser than the one that they left', async () => {
      const back = await people.leave(ops);
      const other = new Browser();
      expect(await refusalOf(other.send(back))).toEqual(foreign);
      await people.leave(ops, { browser: other });
      expect(await refusalOf(other.send(back))).toEqual(foreign);
      expect((await people.browser.send(back)).status).toBe(303); // whoever it was for has not lost it
    });

    test.each([
      ['no state', undefined],
      ['half a state', (state: string) => state.slice(0, -2)],
      [
        'a state with another page',
        (state: string) =>
          `${Buffer.from('{"r":"x","to":"/evil","exp":9e15}').toString('base64url')}.${state.split('.')[1]}`,
      ],
      ['nonsense', () => '.'],
    ])('with %s', async (_, change) => {
      const back = new URL(await people.leave(ops));
      const state = back.searchParams.get('state') ?? '';
      if (change === undefined) back.searchParams.delete('state');
      else back.searchParams.set('state', change(state));
      expect(await refusalOf(people.browser.send(back.href))).toEqual(foreign);
    });

    test('with the code of somebody else', async () => {
      const back = new URL(await people.leave(ops));
      const other = new Browser();
      const theirs = await people.leave(ops, { browser: other });
      back.searchParams.set('code', new URL(theirs).searchParams.get('code') ?? '');
      const [status, code, detail] = await refusalOf(people.browser.send(back.href));
      expect([status, code]).toEqual([401, 'SERVICE_SIGN_IN_REFUSED']);
      expect(detail).toMatch(/invalid_grant/); // PKCE
    });

    test('where the provider refuses, in its words and without its markup', async () => {
      people.provider.refuses = true;
      const [status, code, detail] = await refusalOf(people.browser.send(await people.leave(ops)));
      expect([status, code, detail]).toEqual(said('the provider said access_denied'));
    });

    test('where the provider does not answer, which is no refusal', async () => {
      const back = await people.leave(ops);
      people.provider.isDown = true;
      const [status, code] = await refusalOf(people.browser.send(back));
      expect([status, code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
      people.provider.isDown = false;
      expect((await people.browser.send(back)).status).toBe(303);
    });

    test('where another provider answers in its place', async () => {
      const back = new URL(await people.leave(ops));
      back.searchParams.set('iss', 'https://other.example');
      const [status, code] = await refusalOf(people.browser.send(back.href));
      expect([status, code]).toEqual([401, 'SERVICE_SIGN_IN_REFUSED']);
    });
  });

  test.each([
    ['//evil.example/', '/'],
    ['https://evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/scans?state=done', '/scans?state=done'],
  ])('that wanted to go to %s go on at %s', async (to, expected) => {
    const back = await people.leave(ops, { to });
    expect((await people.browser.send(back)).headers.get('location')).toBe(expected);
  });

  describe('and programs with a key', () => {
    const withKey = (key: string, sending = {}) =>
      people.browser.change(people.at('/auth/sign-in'), {
        type: 'application/json',
        body: JSON.stringify({ key }),
        ...sending,
      });

    test('sign a browser in, which is what the key is and ends with it', async () => {
      const made = await people.served.client.call('POST', '/keys', {
        key: people.world.keys.shop,
        body: { name: 'browser', role: 'viewer', days: 1, scope: { namespaces: ['till'] } },
      });
      expect((await withKey(String(made.body['key']))).status).toBe(204);
      expect(await people.me()).toMatchObject({ name: 'browser', role: 'viewer', scope: { namespaces: ['till'] } });
      expect((await people.browser.send(people.at('/api/v1/keys'))).status).toBe(403);
      await people.served.client.call('DELETE', `/keys/${String(made.body['id'])}`, { key: people.world.keys.shop });
      expect((await people.me())['status']).toBe(401);
    });

    test('do so from a page without script, and go on at a page of this service', async () => {
      const form = new URLSearchParams({ key: people.world.keys.operator, to: '//evil.example' });
      const response = await people.browser.change(people.at('/auth/sign-in'), {
        type: 'application/x-www-form-urlencoded',
        body: form.toString(),
      });
      expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
      expect(await people.me()).toMatchObject({ role: 'operator', platform: 'operator', teams: [] });
      const out = await people.browser.change(people.at('/auth/sign-out'), {
        type: 'application/x-www-form-urlencoded',
        body: '',
      });
      expect([out.status, out.headers.get('location')]).toEqual([303, '/']);
    });

    test.each([
      ['a wrong key', 'cs_aaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
      ['no key', 'x'],
    ])('do not with %s', async (_, key) => {
      const response = await withKey(key);
      expect([response.status, response.headers.getSetCookie()]).toEqual([401, []]);
    });

    test('do not with the key of a runner, which has no pages', async () => {
      const made = await people.served.client.call('POST', '/platform/keys', {
        key: people.world.keys.operator,
        body: { name: `far-${kind}`, role: 'runner', regions: ['far'], days: 1 },
      });
      const response = await withKey(String(made.body['key']));
      expect([response.status, response.headers.getSetCookie()]).toEqual([403, []]);
    });

    test("do not from somebody else's page", async () => {
      const response = await withKey(people.world.keys.bank, { headers: { 'sec-fetch-site': 'cross-site' } });
      expect([response.status, response.headers.getSetCookie()]).toEqual([403, []]);
    });
  });

  test('change nothing by a page that is not of this service', async () => {
    await people.signIn(ops);
    const body = JSON.stringify({ namespace: ['shop'], targets: ['pod/csrf'], profile: ['base'] });
    const send = async (headers: Record<string, string>, type = 'application/json') => {
      const response = await people.browser.send(people.at('/api/v1/scans'), { method: 'POST', type, body, headers });
      return response.status;
    };
    expect(await send({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await send({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await send({ 'sec-fetch-site': 'none' })).toBe(403);
    expect(await send({ 'sec-fetch-site': 'cross-site', origin: people.served.url })).toBe(403);
    expect(await send({ origin: 'https://evil.example' })).toBe(403);
    expect(await send({ origin: 'null' })).toBe(403);
    expect(await send({ origin: people.served.url.replace('127.0.0.1', 'localhost') })).toBe(403);
    expect(await send({})).toBe(403);
    expect(await send({}, 'text/plain')).toBe(403);
    const out = await people.browser.send(people.at('/auth/sign-out'), {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    expect(out.status).toBe(403);
    expect(await send({ origin: people.served.url })).toBe(202);
    expect(await send({ 'sec-fetch-site': 'same-origin' })).toBe(200);
  });

  test('leave no secret in the database and in the log', async () => {
    await people.signIn(ops);
    const back = new URL(await people.leave(ops));
    people.provider.isDown = true;
    await people.browser.send(back.href);
    people.provider.isDown = false;
    await people.browser.send(back.href);
    await people.browser.send(back.href);
    const tables = ['session', 'used_state', 'audit_entry', 'principal', 'principal_identity', 'sign_in_rule'];
    const dump = await Promise.all(
      tables.map(async table => {
        const { rows } = await sql`select to_jsonb(t)::text as text from ${sql.table(table)} t`.execute(
          people.parts.database.kysely,
        );
        return JSON.stringify(rows);
      }),
    );
    expect(people.logged.join('')).toMatch(/a person was not signed in/);
    const secrets = [
      people.browser.cookie(people.served.url, sessionCookie)?.value,
      people.browser.cookie(people.served.url, 'cinc_scan_sign_in')?.value,
      back.searchParams.get('code'),
      back.searchParams.get('state'),
      people.provider.clientSecret,
    ];
    for (const secret of secrets)
      for (const text of [...dump, ...people.logged]) expect(text).not.toContain(secret ?? 'no secret');
  });
});

test('nobody comes in by an ID token that the provider has not signed', async () => {
  await using people = await PeopleWorld.open(undefined);
  people.provider.isForged = true;
  const visit = await people.signIn(ops);
  expect([visit.status, JSON.parse(visit.text)]).toEqual([
    401,
    expect.objectContaining({ code: 'SERVICE_SIGN_IN_REFUSED', detail: expect.stringMatching(/invalid response/) }),
  ]);
  expect(people.session).toBe('');
});

test('behind TLS cookies are of this host and of TLS alone', async () => {
  await using parts = await openTestStore(undefined);
  const world = await makeWorld(parts);
  await using served = await serveApi(parts, { publicOrigin: 'https://scans.example' });
  const sign = (headers: Record<string, string>) =>
    fetch(`${served.url}/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ key: world.keys.shop }),
    });
  expect((await sign({ origin: served.url })).status).toBe(403);
  const response = await sign({ origin: 'https://scans.example' });
  const [line = ''] = response.headers.getSetCookie();
  expect(line).toMatch(/^__Host-cinc_scan_session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/);
  const value = /=([\w-]{43});/.exec(line)?.[1] ?? '';
  const ask = (cookie: string) => fetch(`${served.url}/api/v1/me`, { headers: { cookie } });
  expect((await ask(`__Host-cinc_scan_session=${value}`)).status).toBe(200);
  expect((await ask(`cinc_scan_session=${value}`)).status).toBe(401); // which a page of a sibling could have set
  const start = await fetch(`${served.url}/auth/sign-in`, { redirect: 'manual' });
  expect(start.status).toBe(404);
});
