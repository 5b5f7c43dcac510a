// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { addressRules } from '@cinc-scan/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { Leases } from '../queue/leases.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { testSealer } from '../testing/sealer.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { Deliverer } from './deliverer.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

interface Message {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}
interface Delivery {
  id: string;
  state: string;
  attempts: number;
  to: string;
  lastAnswer: { status: number | null; problem: string | null } | null;
}

const authentication = 'Bearer very-secret-of-the-receiver';

describe.each([['embedded'], ['server']])('deliveries, %s', kind => {
  let parts: TestStore;
  let world: World;
  let served: TestApi;
  let receiver: Server;
  let origin = '';
  let heard: Message[];
  let statuses: number[];
  let deliverer: Deliverer | undefined;

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
    served = await serveApi(parts);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await parts[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    [heard, statuses] = [[], []];
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        heard.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
        const status = statuses.shift() ?? 204;
        response.writeHead(status, status === 302 ? { location: `${origin}/elsewhere` } : {}).end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const place = receiver.address();
    origin = `http://127.0.0.1:${typeof place === 'object' ? place?.port : ''}`;
  });
  afterEach(async () => {
    await deliverer?.[Symbol.asyncDispose]();
    deliverer = undefined;
    receiver.closeAllConnections();
    receiver.close();
    await sql`delete from delivery`.execute(parts.database.kysely);
  });

  const start = (networks: string[], retryMs: number[] = []) => {
    deliverer = new Deliverer({
      store: parts.store,
      sealer: testSealer,
      addresses: addressRules(networks),
      environment: {},
      retryMs,
      idleMs: 20,
      onError: error => {
        throw error;
      },
    });
  };

  let pods = 0;
  /** A scan with a callback, ended by a verdict. */
  async function ended(path: string): Promise<string> {
    pods += 1;
    const body = {
      target: { namespace: 'shop', pod: `p${pods}` },
      scan: { profile: 'base' },
      callback: { url: `${origin}${path}`, authentication },
    };
    const { body: made, text } = await served.client.call('POST', '/scans', { key: world.keys.shop, body });
    const { id } = made;
    if (typeof id !== 'string') throw new Error(text);
    const leases = new Leases(parts);
    const lease = await leases.take('a test');
    if (lease === undefined) throw new Error('nothing waits');
    const rest = { reason: 'compliance', exitCode: 3, counts: { targets: 1 }, failure: undefined, mayPass: false };
    await leases.end(lease, { kind: 'judged', verdict: 'fail', ...rest, reports: [] });
    return id;
  }

  const list = async () =>
    (await served.client.call('GET', '/deliveries', { key: world.keys.shop })).body['items'] as Delivery[];
  async function until(state: string): Promise<Delivery> {
    for (;;) {
      const [last] = await list();
      if (last?.state === state) return last;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }

  test('tell the outcome of a scan once it has ended, with an id, signed, under the credential that was given', async () => {
    const { body } = await served.client.call('PUT', '/signing-secret', { key: world.keys.shop });
    const id = await ended('/hook?token=in-the-address');
    start(['127.0.0.0/8']);
    const delivery = await until('delivered');
    expect(heard).toHaveLength(1);
    const [message] = heard;
    expect(message?.path).toBe('/hook?token=in-the-address');
    expect(JSON.parse(message?.body ?? '')).toMatchObject({
      type: 'scan.done',
      data: {
        id,
        state: 'done',
        verdict: 'fail',
        exitCode: 3,
        cluster: 'east',
        links: { self: `/api/v1/scans/${id}` },
      },
    });
    const headers = message?.headers ?? {};
    expect(headers.authorization).toBe(authentication);
    expect(headers['webhook-id']).toBe(delivery.id);
    const key = Buffer.from(String(body['secret']).replace('whsec_', ''), 'base64');
    const signed = `${delivery.id}.${String(headers['webhook-timestamp'])}.${message?.body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    await served.client.call('DELETE', '/signing-secret', { key: world.keys.shop });
  });

  test('keep address and credential sealed: not in a row, not in an answer', async () => {
    await ended('/hook?token=in-the-address');
    const { rows } = await sql<{
      text: string;
    }>`select d::text || encode(sealed, 'escape') as text from delivery d`.execute(parts.database.kysely);
    const shown = JSON.stringify([rows, await list()]);
    expect(shown).toContain(origin);
    for (const secret of ['very-secret', 'in-the-address']) expect(shown).not.toContain(secret);
  });

  test('are tried again under the same id until somebody takes them', async () => {
    statuses = [500, 302];
    await ended('/hook');
    start(['127.0.0.0/8'], [1, 1, 1]);
    expect(await until('delivered')).toMatchObject({ attempts: 3, lastAnswer: { status: 204, problem: null } });
    expect(heard.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook']); // the redirect was not followed
    expect(new Set(heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('that nobody takes are dead in the end, say why, and are sent again when somebody asks', async () => {
    statuses = [500, 500];
    await ended('/hook');
    start(['127.0.0.0/8'], [1]);
    const dead = await until('dead');
    expect(dead).toMatchObject({ attempts: 2, lastAnswer: { status: 500, problem: 'it answered 500' } });
    await served.client.call('POST', `/deliveries/${dead.id}/resend`, { key: world.keys.shop });
    expect(await until('delivered')).toMatchObject({ id: dead.id, attempts: 1 });
  });

  test.each([['127.0.0.1'], ['localhost'], ['[::1]']])('go to no address of this machine, such as %s', async host => {
    origin = origin.replace('127.0.0.1', host);
    await ended('/hook');
    start([]);
    expect((await until('dead')).lastAnswer).toEqual({
      at: expect.any(String),
      status: null,
      problem: expect.stringContaining('is not a public address'),
    });
    expect(heard).toEqual([]);
  });

  test('of one subject come in order, and a later one waits for an earlier one', async () => {
    await ended('/first');
    const { kysely } = parts.database;
    await sql`insert into delivery (id, team_id, kind, subject, destination, shown, sealed, body)
      select gen_random_uuid(), team_id, kind, subject, destination, shown, sealed, '{"type":"later"}' from delivery`.execute(
      kysely,
    );
    statuses = [503];
    start(['127.0.0.0/8'], [50]);
    while (heard.length < 3) await new Promise(resolve => setTimeout(resolve, 20));
    const types = heard.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    expect(types).toEqual(['scan.done', 'scan.done', 'later']);
  });

  test('that somebody took and never told of are made again after a while', async () => {
    await ended('/hook');
    await sql`update delivery set attempts = 1, held_until = now() - interval '1 second'`.execute(
      parts.database.kysely,
    );
    start(['127.0.0.0/8']);
    expect(await until('delivered')).toMatchObject({ attempts: 2 });
  });
});

test.each([
  ['http://receiver.example/'],
  ['https://user:password@receiver.example/'],
  ['file:///etc/passwd'],
  ['gopher://receiver.example/'],
])('no callback goes to %s', async url => {
  await using parts = await openTestStore(undefined);
  const world = await makeWorld(parts);
  await using served = await serveApi(parts);
  const body = { target: { namespace: 'shop', pod: 'p' }, scan: { profile: 'base' }, callback: { url } };
  const { status } = await served.client.call('POST', '/scans', { key: world.keys.shop, body });
  expect(status).toBe(422);
});
