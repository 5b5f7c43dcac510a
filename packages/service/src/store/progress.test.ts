// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { Leases } from '../queue/leases.ts';
import { serveApi } from '../testing/api-server.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('the progress of a scan, %s', kind => {
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
  });

  async function see(id: string): Promise<Record<string, unknown>> {
    await using served = await serveApi(parts);
    return (await served.client.call('GET', `/scans/${id}`, { key: world.keys.shop })).body;
  }

  const take = async () => {
    const lease = await leases.take('a test');
    if (lease === undefined) throw new Error('nothing waits');
    return lease;
  };

  /** A scan that took so many seconds. */
  async function ended(target: string, seconds: number, { targets = 2, verdict = 'pass' } = {}): Promise<void> {
    const { id } = await submit(parts, world.shop, askFor(target));
    const judged = verdict as 'pass' | 'error';
    const failure = judged === 'error' ? { code: 'TARGET_LOST', message: 'm', remedy: 'r' } : undefined;
    const rest = { reason: 'met', exitCode: 0, counts: { targets }, failure, mayPass: false, reports: [] };
    await leases.end(await take(), { kind: 'judged', verdict: judged, ...rest });
    await sql`update scan set started_at = finished_at - make_interval(secs => ${seconds}::float8) where id = ${id}`.execute(
      parts.database.kysely,
    );
  }

  test('has no estimate before anything was measured, and none from what gave no verdict', async () => {
    await ended('deployment/web', 500, { verdict: 'error' });
    const { id } = await submit(parts, world.shop, askFor('deployment/web'));
    expect(await see(id)).toMatchObject({
      estimate: null,
      queue: { position: 0, running: 0, mostRuns: 2 },
      position: 0,
    });
    await leases.end(await take(), { kind: 'cancelled' });
    expect(await see(id)).toMatchObject({ state: 'cancelled', estimate: null, queue: null });
  });

  test('is estimated by the median of runs of the same profile with as many targets, and says of how many', async () => {
    for (const seconds of [10, 90, 20]) await ended('deployment/web', seconds);
    await ended('deployment/other', 1000, { targets: 7 });
    const { id } = await submit(parts, world.shop, askFor('deployment/web'));
    expect(await see(id)).toMatchObject({ estimate: { seconds: 20, runs: 3, looks: 2 } });
    const unknown = await submit(parts, world.shop, askFor('deployment/never'));
    expect(await see(unknown.id)).toMatchObject({ estimate: null, queue: { position: 1 } });
    // Once it has planned, it is known what it looks at.
    const [first, second] = [await take(), await take()];
    await leases.tell(second, [{ kind: 'planned', data: { targets: ['a', 'b', 'c'], missing: ['d', 'e', 'f', 'g'] } }]);
    expect(await see(unknown.id)).toMatchObject({
      state: 'running',
      queue: null,
      estimate: { seconds: 1000, runs: 1, looks: 7 },
      ranSeconds: expect.any(Number),
    });
    for (const lease of [first, second]) await leases.end(lease, { kind: 'cancelled' });
  });

  test('counts the scans of its own cluster, whoever asked for them, and the runs that the cluster takes', async () => {
    const bank = { ...askFor('pod/a'), namespace: ['bank'] };
    await submit(parts, world.bank, bank);
    await submit(parts, world.bank, { ...bank, targets: ['pod/b'] });
    const { id } = await submit(parts, world.shop, askFor('pod/c'));
    expect(await see(id)).toMatchObject({ queue: { position: 2, running: 0, mostRuns: 2 } });
    const lease = await take();
    expect(await see(id)).toMatchObject({ queue: { position: 1, running: 1, mostRuns: 2 }, position: 1 });
    await using served = await serveApi(parts);
    const stream = await fetch(`${served.url}/api/v1/scans/${id}/events`, {
      headers: { authorization: `Bearer ${world.keys.shop}` },
    });
    let text = '';
    for await (const piece of stream.body ?? []) {
      text += Buffer.from(piece).toString();
      if (text.includes('\n\n')) break;
    }
    expect(text).toMatch(
      /^event: progress\ndata: \{"state":"queued","queue":\{"mostRuns":2,"position":1,"running":1\}/,
    );
    await leases.end(lease, { kind: 'cancelled' });
  });
});
