// SPDX-License-Identifier: Apache-2.0
// People at a real provider, in a browser, over real HTTP: what they are, and until when.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { forgetExpiredSessions } from '../store/sessions.ts';
import { Browser } from '../testing/browser.ts';
import { sessionCookie as cookie, ops, PeopleWorld } from '../testing/people-world.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('people, %s', kind => {
  let people: PeopleWorld;
  beforeAll(async () => {
    people = await PeopleWorld.open(kind === 'server' ? postgres : undefined);
  });
  afterAll(async () => {
    await people[Symbol.asyncDispose]();
  });
  beforeEach(() => people.reset());

  test('sign in at their provider and are what its claims and the rules make them', async () => {
    const visit = await people.signIn(ops);
    expect([visit.status, new URL(visit.url).pathname]).toEqual([200, '/api/v1/me']);
    expect(JSON.parse(visit.text)).toEqual({
      name: 'Otto Ops',
      role: 'scanner',
      team: 'shop',
      scope: null,
      teams: [{ name: 'shop', role: 'scanner' }],
      platform: null,
    });
    const [, begun = ''] = visit.via;
    expect(Object.fromEntries(new URL(begun).searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      redirect_uri: people.at('/auth/callback'),
    });
    expect(people.browser.cookie(people.served.url, cookie)?.attributes).toMatch(
      /Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/i,
    );
    const body = JSON.stringify({ namespace: ['shop'], targets: ['pod/by-person'], profile: ['base'] });
    const asked = await people.browser.change(people.at('/api/v1/scans'), { type: 'application/json', body });
    expect(asked.status).toBe(202);
    expect((await people.browser.send(people.at('/api/v1/keys'))).status).toBe(403);
  });

  test('have the most that several rules give, by the ID token or by what the provider says besides', async () => {
    await people.signIn({ ...ops, sub: 'ann', userInfo: { email: 'ann@org.example', email_verified: true } });
    expect(await people.me()).toMatchObject({ name: 'ann@org.example', role: 'admin' });
    await people.signIn({ ...ops, sub: 'ann', userInfo: { email: 'ann@org.example', email_verified: false } });
    expect(await people.me()).toMatchObject({ role: 'scanner' });
    await people.signIn({ sub: 'eve', idToken: { groups: ['ops'] }, userInfo: { sub: 'ann', groups: ['platform'] } });
    expect(await people.me()).toMatchObject({ teams: [{ name: 'shop', role: 'scanner' }], platform: null });
  });

  test('without a rule stay strangers of whom nothing is kept', async () => {
    const visit = await people.signIn({ sub: 'stranger', idToken: { groups: ['others'] } });
    expect([visit.status, JSON.parse(visit.text)]).toEqual([
      403,
      expect.objectContaining({ code: 'SERVICE_FORBIDDEN', detail: 'No rule gives stranger a role here' }),
    ]);
    expect(people.browser.cookie(people.served.url, cookie)).toBeUndefined();
    const { rows } = await sql`select 1 from principal_identity where subject = 'stranger'`.execute(
      people.parts.database.kysely,
    );
    expect(rows).toEqual([]);
  });

  test('of several teams say which they mean', async () => {
    await people.signIn({ sub: 'both', idToken: { groups: ['ops', 'bank', 'platform'] } });
    expect(await people.me()).toMatchObject({
      role: null,
      team: null,
      teams: [
        { name: 'bank', role: 'viewer' },
        { name: 'shop', role: 'scanner' },
      ],
      platform: 'operator',
    });
    const scans = async (team?: string) => {
      const response = await people.browser.send(people.at('/api/v1/scans'), {
        headers: { ...(team !== undefined && { 'x-cinc-scan-team': team }) },
      });
      const { code, detail } = (await response.json()) as Record<string, unknown>;
      return [response.status, code, detail];
    };
    expect(await scans()).toEqual([
      422,
      'INPUT_INVALID',
      'x-cinc-scan-team: you have several teams, name one of bank, shop',
    ]);
    expect(await scans('shop')).toEqual([200, undefined, undefined]);
    expect(await scans('nobody')).toEqual([404, 'SERVICE_NOT_FOUND', 'You have no team nobody']);
    expect(await people.me({ 'x-cinc-scan-team': 'bank' })).toMatchObject({ team: 'bank', role: 'viewer' });
    expect((await people.browser.send(people.at('/api/v1/teams'))).status).toBe(200);
    expect((await people.browser.send(people.at('/api/v1/clusters'))).status).toBe(422);
  });

  test('lose what a rule gave them with the rule, and what a group gave them at the next sign-in', async () => {
    const rule = await people.addRule({ name: 'soon-gone', claims: { groups: 'soon' }, role: 'viewer' });
    await people.signIn({ sub: 'soon', idToken: { groups: ['soon'] } });
    expect(await people.me()).toMatchObject({ status: 200, role: 'viewer' });
    const gone = await people.served.client.call('DELETE', `/sign-in-rules/${rule}`, { key: people.world.keys.shop });
    expect(gone.status).toBe(204);
    expect(await people.me()).toMatchObject({ status: 401, code: 'SERVICE_KEY_INVALID' });
    await people.signIn({ sub: 'moved', idToken: { groups: ['ops', 'bank'] } });
    await people.signIn({ sub: 'moved', idToken: { groups: ['bank'] } });
    expect(await people.me()).toMatchObject({ teams: [{ name: 'bank', role: 'viewer' }] });
  });

  test('sign out, and their cookie opens nothing any more', async () => {
    await people.signIn(ops);
    const before = people.session;
    expect((await people.browser.change(people.at('/auth/sign-out'))).status).toBe(204);
    expect(people.browser.cookie(people.served.url, cookie)).toBeUndefined();
    people.browser.setCookie(people.served.url, cookie, before);
    expect((await people.me())['status']).toBe(401);
  });

  test('who sign in again have another cookie, and the one before opens nothing', async () => {
    await people.signIn(ops);
    const before = people.session;
    await people.signIn(ops);
    expect(people.browser.cookie(people.served.url, cookie)?.value).not.toBe(before);
    const thief = new Browser();
    thief.setCookie(people.served.url, cookie, before);
    expect((await thief.send(people.at('/api/v1/me'))).status).toBe(401);
  });

  test('are signed out by an operator everywhere', async () => {
    await people.signIn({ ...ops, sub: 'lost-laptop' });
    const asOperator = (method: string, path: string) =>
      people.served.client.call(method, path, { key: people.world.keys.operator });
    const { body } = await asOperator('GET', '/platform/people');
    const listed = body['items'] as { id: string; name: string; seenAt: string | null }[];
    const { rows } = await sql<{ id: string }>`
      select principal_id as id from principal_identity where subject = 'lost-laptop'`.execute(
      people.parts.database.kysely,
    );
    const id = rows[0]?.id ?? '';
    expect(listed.find(each => each.id === id)).toMatchObject({ name: 'Otto Ops', seenAt: expect.any(String) });
    const { body: members } = await people.served.client.call('GET', '/members', { key: people.world.keys.shop });
    expect(members['items']).toContainEqual({ id, name: 'Otto Ops', kind: 'person', role: 'scanner' });
    expect((await asOperator('DELETE', `/platform/people/${id}/sessions`)).status).toBe(204);
    expect((await people.me())['status']).toBe(401);
    expect((await asOperator('DELETE', `/platform/people/${people.world.shop.principal}/sessions`)).status).toBe(404);
  });

  test.each([
    ["seen_at = now() - interval '3 hours'", 'who were away for long'],
    ["expires_at = now() - interval '1 second'", 'whose session is over'],
  ])('where %s: %s sign in again', async change => {
    await people.signIn({ ...ops, sub: 'away' });
    const ofAway = "principal_id = (select principal_id from principal_identity where subject = 'away')";
    await sql.raw(`update session set ${change} where ${ofAway}`).execute(people.parts.database.kysely);
    expect((await people.me())['status']).toBe(401);
    await people.parts.store.asPlatform(forgetExpiredSessions);
    const { rows } = await sql.raw(`select 1 from session where ${ofAway}`).execute(people.parts.database.kysely);
    expect(rows).toEqual([]);
  });
});
