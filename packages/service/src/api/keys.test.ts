// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { endExpired } from '../store/keys.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { makeWorld, type World } from '../testing/world.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('keys, %s', kind => {
  let parts: TestStore;
  let world: World;
  let served: TestApi;

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
    served = await serveApi(parts);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await parts[Symbol.asyncDispose]();
  });

  const ask = { namespace: ['shop'], targets: ['deployment/web'], profile: ['base'] };
  const asAdmin = (method: string, path: string, body?: unknown) =>
    served.client.call(method, path, { key: world.keys.shop, body });
  const asOperator = (method: string, path: string, body?: unknown) =>
    served.client.call(method, path, { key: world.keys.operator, body });
  const newKey = async (body: object) => {
    const made = await asAdmin('POST', '/keys', { name: 'ci', days: 1, role: 'scanner', ...body });
    expect(made.status).toBe(201);
    return { id: String(made.body['id']), key: String(made.body['key']) };
  };
  const membersNamed = async (name: string) => {
    const { rows } = await sql<{ id: string }>`
      select p.id from principal p join membership m on m.principal_id = p.id where p.name = ${name}`.execute(
      parts.database.kysely,
    );
    return rows.length;
  };

  describe('with a scope', () => {
    const submit = async (scope: object, change: object) => {
      const { key } = await newKey({ scope });
      const { status, body } = await served.client.call('POST', '/scans', { key, body: { ...ask, ...change } });
      return status < 300 ? status : [status, body['code']];
    };
    const hidden = [404, 'SERVICE_NOT_FOUND'];

    test('ask for scans within it', async () => {
      expect(await submit({ namespaces: ['till'] }, { namespace: ['till'] })).toBe(202);
      expect(await submit({ namespaces: ['till'] }, {})).toEqual(hidden);
      expect(await submit({ namespaces: ['till'] }, { namespace: ['till', 'shop'] })).toEqual(hidden);
      expect(await submit({ clusters: ['west'] }, {})).toEqual(hidden);
      expect(await submit({ clusters: ['west'] }, { cluster: 'east' })).toEqual(hidden);
      expect(await submit({ clusters: ['east'] }, { targets: ['pod/a'] })).toBe(202);
      expect(await submit({ profiles: ['other'] }, {})).toEqual(hidden);
      expect(await submit({ profiles: ['base'] }, { targets: ['pod/b'] })).toBe(202);
    });

    test('get nothing that the team has not', async () => {
      expect(await submit({ namespaces: ['vault'] }, { namespace: ['vault'] })).toEqual(hidden);
    });

    test('are told what they are for, and are listed with it', async () => {
      const { key, id } = await newKey({ scope: { namespaces: ['till', 'vault'] } });
      const { body: me } = await served.client.call('GET', '/me', { key });
      expect(me).toMatchObject({ team: 'shop', role: 'scanner', scope: { namespaces: ['till', 'vault'] } });
      const { body: clusters } = await served.client.call('GET', '/clusters', { key });
      expect(clusters['items']).toEqual([
        { name: 'east', mostRuns: 2, namespaces: ['till'], region: null, lastCheck: null },
      ]);
      const { body } = await asAdmin('GET', '/keys');
      expect(body['items']).toContainEqual(
        expect.objectContaining({ id, scope: { namespaces: ['till', 'vault'] }, revokedAt: null }),
      );
    });

    test('count against the quota of all of the team', async () => {
      const setQuota = (quota: number) =>
        parts.store.asPlatform(transaction =>
          transaction.updateTable('team').set({ queue_quota: quota }).where('slug', '=', 'shop').execute(),
        );
      await served.client.call('POST', '/scans', { key: world.keys.shop, body: { ...ask, targets: ['pod/first'] } });
      await setQuota(1);
      expect(await submit({ namespaces: ['till'] }, { namespace: ['till'], targets: ['pod/second'] })).toEqual([
        429,
        'SERVICE_QUOTA',
      ]);
      await setQuota(100);
    });

    test('meet an idempotency key that was used for what they do not see as one that was used', async () => {
      const { key } = await newKey({ scope: { namespaces: ['till'] } });
      const send = (by: string, body: object) =>
        served.client.call('POST', '/scans', { key: by, body, headers: { 'idempotency-key': `once-${kind}` } });
      expect((await send(world.keys.shop, { ...ask, targets: ['pod/once'] })).status).toBe(202);
      expect(await send(key, { ...ask, namespace: ['till'] })).toMatchObject({
        status: 409,
        body: { code: 'SERVICE_CONFLICT' },
      });
    });

    test.each([
      ['an unknown part', { scope: { pods: ['x'] } }],
      ['an empty part', { scope: { namespaces: [] } }],
      ['a pattern', { scope: { namespaces: ['shop-*'] } }],
    ])('that is %s are not made', async (_, body) => {
      const made = await asAdmin('POST', '/keys', { name: 'ci', days: 1, role: 'scanner', ...body });
      expect([made.status, made.body['code']]).toEqual([422, 'REQUEST_INVALID']);
    });
  });

  test('that are revoked leave no member behind, but a name', async () => {
    const name = `leaves-${kind}`;
    const { id } = await newKey({ name });
    expect(await membersNamed(name)).toBe(1);
    expect((await asAdmin('DELETE', `/keys/${id}`)).status).toBe(204);
    expect(await membersNamed(name)).toBe(0);
    const known = await parts.store.asTeam(world.shop.team, transaction =>
      transaction.selectFrom('principal').select('name').where('name', '=', name).execute(),
    );
    expect(known).toEqual([{ name }]);
    const { body } = await asAdmin('GET', '/keys');
    expect(body['items']).toContainEqual(expect.objectContaining({ id, revokedAt: expect.any(String) }));
    expect((await asAdmin('DELETE', `/keys/${id}`)).status).toBe(404);
  });

  test('that have expired leave no member behind either', async () => {
    const name = `expires-${kind}`;
    const { id } = await newKey({ name });
    await parts.store.asPlatform(transaction =>
      transaction
        .updateTable('api_key')
        .set({ expires_at: new Date(0) })
        .where('id', '=', id)
        .execute(),
    );
    await parts.store.asPlatform(endExpired);
    expect(await membersNamed(name)).toBe(0);
    expect((await asAdmin('GET', '/me')).status).toBe(200);
    expect((await asOperator('GET', '/teams')).status).toBe(200);
  });

  test('of the platform are made, listed and revoked by operators', async () => {
    const made = await asOperator('POST', '/platform/keys', { name: 'audit', role: 'auditor', days: 1 });
    expect(made.status).toBe(201);
    const key = String(made.body['key']);
    expect(await served.client.call('GET', '/me', { key })).toMatchObject({ body: { role: 'auditor', team: null } });
    const { body } = await served.client.call('GET', '/platform/keys', { key });
    const items = body['items'] as { id: string; role: string }[];
    expect(items.every(({ role }) => ['auditor', 'operator'].includes(role))).toBe(true);
    expect(items.map(({ id }) => id)).toContain(made.body['id']);
    const ofTeam = (await newKey({})).id;
    expect((await asOperator('DELETE', `/platform/keys/${ofTeam}`)).status).toBe(404);
    expect((await asOperator('DELETE', `/platform/keys/${String(made.body['id'])}`)).status).toBe(204);
    expect((await served.client.call('GET', '/me', { key })).status).toBe(401);
    const { rows } = await sql`select 1 from principal where name = 'audit' and platform_role is not null`.execute(
      parts.database.kysely,
    );
    expect(rows).toEqual([]);
  });
});
