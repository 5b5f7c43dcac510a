// SPDX-License-Identifier: Apache-2.0
// What happens is told at once: to streams of the process, and to the other processes on the same database.
import { setTimeout as pause } from 'node:timers/promises';
import { Secret } from '@cinc-scan/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { Leases } from '../queue/leases.ts';
import { serveApi } from '../testing/api-server.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit } from '../testing/world.ts';
import { type Database, openDatabase } from './open-database.ts';
import { workSignal } from './signals.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

test('a stream of events goes on when something happens, without looking by itself', async () => {
  await using parts = await openTestStore(undefined);
  const world = await makeWorld(parts);
  await using served = await serveApi(parts, { followMs: 86_400_000 });
  const leases = new Leases(parts);
  const { id } = await submit(parts, world.shop, askFor('pod/web'));
  const response = await fetch(`${served.url}/api/v1/scans/${id}/events`, {
    headers: { authorization: `Bearer ${world.keys.shop}` },
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = '';
  const hear = async (what: string) => {
    while (!heard.includes(what)) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) throw new Error(`the stream ended after ${heard}`);
      heard += value;
    }
  };
  await hear('"state":"queued"');
  const lease = await leases.take('a test');
  if (lease === undefined) throw new Error('no scan was given out');
  await leases.tell(lease, [{ kind: 'notice', data: { text: 'first' } }]);
  await hear('first');
  await leases.tell(lease, [{ kind: 'notice', data: { text: 'second' } }]);
  await hear('second');
  await leases.end(lease, { kind: 'cancelled' });
  await hear('event: end');
});

describe('two processes on one server', () => {
  let [one, other]: (Database | undefined)[] = [];
  const heard: string[] = [];
  beforeAll(async () => {
    const url = new Secret(await postgres.makeDatabase());
    one = await openDatabase({ kind: 'server', url });
    other = await openDatabase({ kind: 'server', url });
    for (const name of [workSignal, 'a-scan']) other.signals.on(name, () => heard.push(name));
  });
  afterAll(async () => {
    await one?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
  });

  /** The first words of a process may come before the other one listens. */
  async function sayUntilHeard(name: string): Promise<void> {
    while (!heard.includes(name)) {
      one?.signals.say(name);
      await pause(20);
    }
  }

  test('hear of each other what happened', async () => {
    await sayUntilHeard(workSignal);
    expect(heard).not.toContain('a-scan');
  });

  test('hear of each other again after the connection was lost', async () => {
    if (one === undefined) throw new Error('no database');
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and query like 'listen %'`.execute(
      one.kysely,
    );
    heard.splice(0);
    await sayUntilHeard('a-scan');
  });

  test('hear themselves once', async () => {
    let count = 0;
    using _ = one?.signals.on('own', () => (count += 1));
    one?.signals.say('own');
    one?.signals.say('a-scan');
    heard.splice(0);
    await sayUntilHeard('a-scan'); // by then what came back before it has come
    expect(count).toBe(1);
  });
});
