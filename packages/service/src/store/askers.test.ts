// SPDX-License-Identifier: Apache-2.0
// Several may have asked for one scan: who they are is counted, and it ends with the last who lets go.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Leases } from '../queue/leases.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';
import { getScan, requestCancel } from './scans.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('a scan that several wait for, %s', kind => {
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

  async function drain(): Promise<void> {
    for (;;) {
      const lease = await leases.take('a test');
      if (lease === undefined) return;
      await leases.end(lease, { kind: 'cancelled' });
    }
  }

  const cancel = (id: string, asker?: string) =>
    parts.store.asTeam(world.shop.team, transaction => requestCancel(transaction, { id, asker }, world.shop));

  test('is cancelled when the last one lets go, in whatever order they came', async () => {
    for (const [first, last] of [
      ['asked', 'joined'],
      ['joined', 'asked'],
    ] as const) {
      const ask = askFor(`pod/wanted-${first}`);
      const { id } = await submit(parts, world.shop, { ...ask, key: `asked-${first}` });
      expect(await submit(parts, world.shop, { ...ask, key: `joined-${first}` })).toMatchObject({ id, joined: true });
      expect(await cancel(id, `${first}-${first}`)).toEqual({ state: 'queued', waitedFor: undefined, others: 1 });
      expect(await cancel(id, `${first}-${first}`)).toMatchObject({ others: 1 }); // said twice
      expect(await stateOf(id)).toMatchObject({ state: 'queued', cancel_requested: false });
      expect(await cancel(id, `${last}-${first}`)).toMatchObject({ state: 'cancelled', others: 0 });
    }
  });

  test('goes on while it runs, until then', async () => {
    await drain();
    const ask = askFor('pod/wanted-running');
    const { id } = await submit(parts, world.shop, { ...ask, key: 'run-1' });
    await submit(parts, world.shop, { ...ask, key: 'run-2' });
    const lease = await leases.take('a test');
    if (lease?.scan !== id) throw new Error(`expected ${id}, got ${lease?.scan}`);
    await cancel(id, 'run-1');
    expect(await leases.touch(lease)).toBe('go-on');
    await cancel(id, 'run-2');
    expect(await leases.touch(lease)).toBe('cancel');
    await leases.end(lease, { kind: 'cancelled' });
  });

  test('is told to each as it was told first, however often they ask', async () => {
    const ask = askFor('pod/wanted-again');
    expect(await submit(parts, world.shop, { ...ask, key: 'again-1' })).toMatchObject({ kind: 'new', joined: false });
    expect(await submit(parts, world.shop, { ...ask, key: 'again-2' })).toMatchObject({
      kind: 'waiting',
      joined: true,
    });
    expect(await submit(parts, world.shop, { ...ask, key: 'again-1' })).toMatchObject({
      kind: 'same',
      joined: false,
    });
    expect(await submit(parts, world.shop, { ...ask, key: 'again-2' })).toMatchObject({ kind: 'same', joined: true });
  });

  test('goes on for one who asked without a key, and ends for one who has the right to end it', async () => {
    const ask = askFor('pod/wanted-keyless');
    const { id } = await submit(parts, world.shop, ask);
    await submit(parts, world.shop, { ...ask, key: 'keyless-2' });
    expect(await cancel(id, 'keyless-2')).toMatchObject({ state: 'queued', others: 1 });
    expect(await cancel(id)).toMatchObject({ state: 'cancelled', others: 0 });
  });

  test('is not let go of under a key that asked for another, or for none', async () => {
    const { id } = await submit(parts, world.shop, { ...askFor('pod/wanted-mine'), key: 'mine' });
    await submit(parts, world.shop, { ...askFor('pod/wanted-other'), key: 'other' });
    for (const key of ['other', 'nobody'])
      await expect(cancel(id, key)).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    expect(await stateOf(id)).toMatchObject({ state: 'queued' });
  });

  test('is never one that ends while somebody joins it', async () => {
    for (let n = 0; n < 10; n += 1) {
      const ask = askFor(`pod/wanted-race-${n}`);
      const { id } = await submit(parts, world.shop, { ...ask, key: `race-${n}` });
      const join = submit(parts, world.shop, { ...ask, key: `join-${n}` }).catch((error: unknown) => error);
      const [joined] = await Promise.all([join, cancel(id, `race-${n}`)]);
      // It joined in time, and the scan goes on; or it is a scan of its own; or it has to ask again.
      const got = joined as { id?: string; code?: string };
      if (got.id === undefined) expect(got.code).toBe('SERVICE_UNAVAILABLE');
      else expect(await stateOf(got.id)).toMatchObject({ state: 'queued' });
      await drain();
    }
  });
});
