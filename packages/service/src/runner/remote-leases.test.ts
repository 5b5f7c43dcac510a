// SPDX-License-Identifier: Apache-2.0
// A runner that holds nothing but a key, over real HTTP: what it may take, what counts of what it says, and for how long.

import { Readable } from 'node:stream';
import { Secret } from '@cinc-scan/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { KeptReport } from '../queue/attempts.ts';
import type { Ending, Lease } from '../queue/leases.ts';
import { createFirstKey } from '../store/keys.ts';
import { openCluster, registerCluster } from '../store/registry.ts';
import { getScan, reportsOf } from '../store/scans.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';
import { RemoteLeases } from './remote-leases.ts';

let parts: TestStore;
let world: World;
let served: TestApi;

beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
  served = await serveApi(parts);
  for (const region of ['north', 'south']) {
    const cluster = { slug: `of-${region}`, credential: region, context: 'main', region, mostRuns: 5 };
    const id = await parts.store.asPlatform(transaction =>
      registerCluster(transaction, cluster, world.operator.principal),
    );
    await parts.queue.addCluster(id);
    await parts.store.asPlatform(transaction =>
      openCluster(transaction, { cluster: cluster.slug, team: 'shop', namespaces: ['shop'] }, world.operator.principal),
    );
  }
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});

async function keyFor(region: string): Promise<Secret> {
  const key = {
    name: region,
    role: 'runner',
    regions: [region],
    team: null,
    expiresAt: new Date(Date.now() + 60_000),
  } as const;
  const made = await parts.store.asPlatform(transaction =>
    createFirstKey(transaction, { ...key, regions: [region] }, world.operator.principal),
  );
  return made.text;
}

const leasesWith = (key: Secret, runner = 'one') =>
  new RemoteLeases({ server: new URL(served.url), key, runner, environment: {} });

let pods = 0;
/** A scan that waits in the cluster of a region. */
async function wanted(region: string): Promise<string> {
  pods += 1;
  return (await submit(parts, world.shop, { ...askFor(`pod/p${pods}`), cluster: `of-${region}` })).id;
}

const stream = (text: string) => Readable.from([Buffer.from(text)]);

const judged = (reports: KeptReport[] = []): Ending => ({
  kind: 'judged',
  verdict: 'pass',
  reason: 'ok',
  exitCode: 0,
  counts: { passed: 1 },
  failure: undefined,
  mayPass: false,
  reports,
});

/** Ends an attempt with reports of these contents. */
async function end(leases: RemoteLeases, lease: Lease, files: Record<string, string>): Promise<boolean> {
  const reports: KeptReport[] = [];
  for (const [file, text] of Object.entries(files)) {
    const { digest: blob, bytes } = await leases.keep(lease, stream(text));
    reports.push({ file, kind: 'scan', blob, bytes });
  }
  return leases.end(lease, judged(reports));
}

const scanOf = (id: string) => parts.store.asTeam(world.shop.team, transaction => getScan(transaction, id));
const reports = (id: string) => parts.store.asTeam(world.shop.team, transaction => reportsOf(transaction, id));

async function take(leases: RemoteLeases): Promise<Lease> {
  const lease = await leases.take();
  if (lease === undefined) throw new Error('no scan was given out');
  return lease;
}

describe('a runner of a region', () => {
  let north: RemoteLeases;
  let south: RemoteLeases;
  beforeEach(async () => {
    [north, south] = [leasesWith(await keyFor('north')), leasesWith(await keyFor('south'))];
  });

  test('gets scans of its clusters, whole, and no others', async () => {
    const id = await wanted('north');
    expect(await south.take()).toBeUndefined();
    const lease = await take(north);
    expect(lease).toMatchObject({
      scan: id,
      attempt: 1,
      namespaces: ['shop'],
      cluster: { credential: 'north', context: 'main' },
      request: expect.stringContaining('controls/one.rb'),
    });
    await north.end(lease, { kind: 'cancelled' });
    const { id: own } = await submit(parts, world.shop, { ...askFor('pod/own'), cluster: 'east' });
    expect(await north.take()).toBeUndefined(); // that cluster is the service's own
    expect((await scanOf(own)).state).toBe('queued');
  });

  test('says how a scan ended, with its reports, which nobody sees before', async () => {
    const id = await wanted('north');
    const lease = await take(north);
    expect(await north.touch(lease)).toBe('go-on');
    await north.tell(
      lease,
      Array.from({ length: 1500 }, (_, n) => ({ kind: 'control', data: { n } })),
    );
    await north.keep(lease, stream('{"early":true}'));
    expect(await reports(id)).toEqual([]);
    expect(await end(north, lease, { 'scan.json': '{}', 'a.xml': '<a/>' })).toBe(true);
    expect(await scanOf(id)).toMatchObject({ state: 'done', verdict: 'pass', counts: { passed: 1 } });
    const kept = await reports(id);
    expect(kept.map(({ file }) => file)).toEqual(['a.xml', 'scan.json']);
    expect((await parts.blobs.get(kept[1]?.blob ?? '')).toString()).toBe('{}');
    expect(await north.touch(lease)).toBe('lost');
    await expect(north.keep(lease, stream('late'))).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    expect(await north.end(lease, judged())).toBe(false);
    expect(await reports(id)).toHaveLength(2);
  });

  test('has no say in what another holds', async () => {
    const id = await wanted('north');
    const lease = await take(north);
    for (const other of [south, leasesWith(await keyFor('west'))]) {
      expect(await other.touch(lease)).toBe('lost');
      expect(await other.end(lease, judged())).toBe(false);
      await expect(other.keep(lease, stream('forged'))).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
      await expect(other.tell(lease, [{ kind: 'x', data: {} }])).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
      await expect(other.release(lease)).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    }
    expect((await scanOf(id)).state).toBe('running');
    expect(await north.end(lease, { kind: 'cancelled' })).toBe(true);
  });

  test('changes nothing by what it says under an attempt that was given to another', async () => {
    const id = await wanted('north');
    const first = await take(north);
    const { digest: blob, bytes } = await north.keep(first, stream('old'));
    await north.release(first);
    const other = leasesWith(await keyFor('north'), 'two');
    const second = await take(other);
    expect(second).toMatchObject({ scan: id, attempt: 2, before: [first.runId] });
    expect(await north.touch(first)).toBe('lost');
    expect(await north.end(first, judged([{ file: 'old.json', kind: 'scan', blob, bytes }]))).toBe(false);
    expect(await end(other, second, { 'scan.json': 'second' })).toBe(true);
    expect((await reports(id)).map(({ file }) => file)).toEqual(['scan.json']);
  });

  test('gives a scan no content that was not sent for it, whoever has it', async () => {
    const secret = await parts.blobs.put(Buffer.from('of another team'));
    await wanted('north');
    const lease = await take(north);
    const forged = judged([{ file: 'scan.json', kind: 'scan', blob: secret, bytes: 15 }]);
    await expect(north.end(lease, forged)).rejects.toMatchObject({ code: 'SERVICE_FORBIDDEN' });
    expect(await north.end(lease, { kind: 'cancelled' })).toBe(true);
  });

  test('is told to end a scan that was cancelled', async () => {
    const id = await wanted('north');
    const lease = await take(north);
    await served.client.call('POST', `/scans/${id}/cancel`, { key: world.keys.shop });
    expect(await north.touch(lease)).toBe('cancel');
    expect(await north.end(lease, { kind: 'cancelled' })).toBe(true);
    expect((await scanOf(id)).state).toBe('cancelled');
  });
});

test('a runner with a key that is not one, or of somebody else, is told so', async () => {
  const unknown = `cs_${'a'.repeat(8)}_${'a'.repeat(32)}`;
  for (const [key, code] of [
    [world.keys.shop, 'SERVICE_FORBIDDEN'],
    [world.keys.operator, 'SERVICE_FORBIDDEN'],
    [unknown, 'SERVICE_KEY_INVALID'],
  ] as const)
    await expect(leasesWith(new Secret(key)).take()).rejects.toMatchObject({ code });
});

test('a runner whose service is not there, or is something else, says so and goes on asking', async () => {
  const key = await keyFor('north');
  const gone = new RemoteLeases({ server: new URL('http://127.0.0.1:1'), key, runner: 'x', environment: {} });
  await expect(gone.take()).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    message: expect.stringContaining('127.0.0.1:1'),
  });
});
