// SPDX-License-Identifier: Apache-2.0
// What a pod holds that runs one attempt, over real HTTP: its ticket is good once, and what it gets for it is for that alone.
import { Readable } from 'node:stream';
import { Secret } from '@cinc-scan/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { type Ending, type Lease, Leases } from '../queue/leases.ts';
import { forgetTickets, Tickets } from '../queue/tickets.ts';
import { getScan, reportsOf, requestCancel } from '../store/scans.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';
import { RemoteLeases } from './remote-leases.ts';

let parts: TestStore;
let world: World;
let served: TestApi;
let leases: Leases;
let tickets: Tickets;

beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
  served = await serveApi(parts);
  leases = new Leases(parts);
  tickets = new Tickets(parts);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});

const refused = { code: 'SERVICE_KEY_INVALID', message: expect.stringContaining('opens nothing') };

const podWith = (key: Secret, runner = 'pod-1') =>
  new RemoteLeases({ server: new URL(served.url), key, runner, environment: {} });

let count = 0;
/** A scan that a worker has taken, and wants a pod to run. */
async function taken(more: object = {}): Promise<Lease> {
  count += 1;
  const { id } = await submit(parts, world.shop, { ...askFor(`pod/t${count}`), ...more });
  const lease = await leases.take('a worker');
  if (lease?.scan !== id) throw new Error('another scan was given out');
  return lease;
}

const issue = async (lease: Lease) => (await tickets.issue(lease, { goodSeconds: 60 })).text;
const scanOf = (id: string) => parts.store.asTeam(world.shop.team, transaction => getScan(transaction, id));
const stream = (text: string) => Readable.from([Buffer.from(text)]);

const judged = (blob: string, bytes: number): Ending => ({
  kind: 'judged',
  verdict: 'pass',
  reason: 'ok',
  exitCode: 0,
  counts: { passed: 1 },
  failure: undefined,
  mayPass: false,
  reports: [{ file: 'scan.json', kind: 'scan', blob, bytes }],
});

describe('a ticket', () => {
  let lease: Lease;
  let ticket: Secret;
  beforeEach(async () => {
    lease = await taken();
    ticket = await issue(lease);
  });
  const done = () => leases.end(lease, { kind: 'cancelled' });

  test('gives the lease that the worker has, and with it the attempt is told to its end', async () => {
    expect(await tickets.standing(lease)).toEqual({ kind: 'waiting' });
    const pod = await podWith(ticket).trade();
    expect(lease).toMatchObject(pod.lease);
    expect(await tickets.standing(lease)).toEqual({ kind: 'taken', by: 'pod-1' });
    expect(await pod.leases.touch(pod.lease)).toBe('go-on');
    await pod.leases.tell(pod.lease, [{ kind: 'stage', data: { n: 1 } }]);
    const { digest, bytes } = await pod.leases.keep(pod.lease, stream('{}'));
    expect(await pod.leases.end(pod.lease, judged(digest, bytes))).toBe(true);
    expect(await scanOf(lease.scan)).toMatchObject({ state: 'done', verdict: 'pass' });
    expect(await parts.store.asTeam(world.shop.team, transaction => reportsOf(transaction, lease.scan))).toHaveLength(
      1,
    );
    expect(await tickets.standing(lease)).toEqual({ kind: 'over' });
  });

  test('is good once, also where two come at once', async () => {
    const pods = ['pod-1', 'pod-2', 'pod-3'].map(name => podWith(ticket, name).trade());
    const came = await Promise.allSettled(pods);
    const reasons = came.flatMap(each => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(reasons).toEqual([expect.objectContaining(refused), expect.objectContaining(refused)]);
    await expect(podWith(ticket).trade()).rejects.toMatchObject(refused);
    await done();
  });

  test('is refused when it has expired', async () => {
    await parts.store.asPlatform(transaction =>
      sql`update lease_ticket set expires_at = now() - interval '1 second' where scan_id = ${lease.scan}`.execute(
        transaction,
      ),
    );
    await expect(podWith(ticket).trade()).rejects.toMatchObject(refused);
    expect(await tickets.standing(lease)).toEqual({ kind: 'waiting' });
    await done();
  });

  test('is refused when it was withdrawn, and can be withdrawn only as long as nobody has the attempt', async () => {
    expect(await tickets.withdraw(lease)).toBe(true);
    await expect(podWith(ticket).trade()).rejects.toMatchObject(refused);
    const another = await issue(lease);
    await expect(podWith(ticket).trade()).rejects.toMatchObject(refused);
    await podWith(another).trade();
    expect(await tickets.withdraw(lease)).toBe(false);
    await done();
  });

  test('of an attempt that is over is refused, whoever has the scan by then', async () => {
    await leases.release(lease);
    await expect(podWith(ticket).trade()).rejects.toMatchObject(refused);
    const second = await leases.take('a worker');
    expect(second).toMatchObject({ scan: lease.scan, attempt: 2, before: [lease.runId] });
    await expect(podWith(ticket).trade()).rejects.toMatchObject(refused);
    await expect(tickets.issue(lease, { goodSeconds: 60 })).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    if (second === undefined) throw new Error('nothing waits');
    const pod = await podWith(await issue(second)).trade();
    expect(pod.lease).toMatchObject({ attempt: 2, before: [lease.runId] });
    await leases.end(second, { kind: 'cancelled' });
  });

  test('with another secret, or none, is refused', async () => {
    const forged = ticket.reveal().slice(0, -32) + 'a'.repeat(32);
    for (const text of [forged, `ct_${'a'.repeat(8)}_${'a'.repeat(32)}`, ticket.reveal().replace('ct_', 'ca_')])
      await expect(podWith(new Secret(text)).trade()).rejects.toMatchObject(refused);
    await done();
  });

  test('opens nothing but the trade', async () => {
    const pod = podWith(ticket);
    for (const asked of [pod.take(), pod.takeQuestion(), pod.touch(lease), pod.end(lease, { kind: 'cancelled' })])
      await expect(asked).rejects.toMatchObject({ code: 'SERVICE_FORBIDDEN' });
    expect((await scanOf(lease.scan)).state).toBe('running');
    await done();
  });

  test('lies in the database as a hash', async () => {
    const { leases: pod } = await podWith(ticket).trade();
    const { rows } = await parts.store.asPlatform(transaction =>
      sql<{ row: string }>`select lease_ticket::text as row from lease_ticket where scan_id = ${lease.scan}`.execute(
        transaction,
      ),
    );
    const secret = ticket.reveal().slice(-32);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(secret).toString('hex'));
    expect(pod).toBeDefined();
    await done();
  });
});

describe('the key of an attempt', () => {
  test('is for no other', async () => {
    const [one, other] = [await taken(), await taken()];
    const pod = await podWith(await issue(one)).trade();
    const asPod = pod.leases;
    expect(await asPod.touch(other)).toBe('lost');
    expect(await asPod.end(other, { kind: 'cancelled' })).toBe(false);
    await expect(asPod.keep(other, stream('x'))).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    await expect(asPod.release(other)).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    expect(await asPod.touch({ ...one, attempt: 2 })).toBe('lost');
    for (const asked of [asPod.take(), asPod.takeQuestion(), asPod.trade()])
      await expect(asked).rejects.toMatchObject({ code: 'SERVICE_FORBIDDEN' });
    expect((await scanOf(other.scan)).state).toBe('running');
    for (const each of [one, other]) await leases.end(each, { kind: 'cancelled' });
  });

  test('changes nothing once its attempt is over', async () => {
    const lease = await taken();
    const pod = await podWith(await issue(lease)).trade();
    const { digest, bytes } = await pod.leases.keep(lease, stream('old'));
    await leases.release(lease);
    const second = await leases.take('a worker');
    if (second?.scan !== lease.scan) throw new Error('the scan was not given out again');
    expect(await pod.leases.touch(lease)).toBe('lost');
    expect(await pod.leases.end(lease, judged(digest, bytes))).toBe(false);
    await expect(pod.leases.keep(lease, stream('late'))).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    expect(await scanOf(lease.scan)).toMatchObject({ state: 'running', attempt: 2 });
    await leases.end(second, { kind: 'cancelled' });
  });

  test('hears that the scan was cancelled', async () => {
    const lease = await taken();
    const pod = await podWith(await issue(lease)).trade();
    await parts.store.asTeam(world.shop.team, transaction =>
      requestCancel(transaction, { id: lease.scan, asker: undefined }, world.shop),
    );
    expect(await pod.leases.touch(lease)).toBe('cancel');
    expect(await pod.leases.end(lease, { kind: 'cancelled' })).toBe(true);
    expect((await scanOf(lease.scan)).state).toBe('cancelled');
  });

  test('ends some time after the longest run that was asked for', async () => {
    const lease = await taken({ deadline: '90s' });
    const issued = await tickets.issue(lease, { goodSeconds: 60 });
    expect(issued.runSeconds).toBe(90);
    const pod = await podWith(issued.text).trade();
    await parts.store.asPlatform(transaction =>
      sql`update lease_ticket set key_expires_at = now() - interval '1 second' where scan_id = ${lease.scan}`.execute(
        transaction,
      ),
    );
    await expect(pod.leases.touch(lease)).rejects.toMatchObject({ code: 'SERVICE_KEY_INVALID' });
    await parts.store.asPlatform(forgetTickets);
    expect(await tickets.standing(lease)).toEqual({ kind: 'waiting' });
    await leases.end(lease, { kind: 'cancelled' });
  });
});
