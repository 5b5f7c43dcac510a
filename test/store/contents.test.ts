// SPDX-License-Identifier: Apache-2.0
// Contents that are too large to be held, in each service of buckets.
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { type ContentStore, openContents } from '@cinc-scan/core';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/command.ts';
import {
  type Asked,
  FakeBuckets,
  type Fault,
  fakeAddress,
  fakeCredentials,
  otherCredentials,
  type Service,
} from '../support/fake-buckets.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
let fake: FakeBuckets;
afterEach(() => fake[Symbol.dispose]());

async function open(service: Service, environment = fakeCredentials[service], address = fakeAddress[service]) {
  fake = await FakeBuckets.start(service);
  return openContents(address, {
    workspace: '/',
    environment,
    endpoint: fake.endpoint,
    retry: { timeoutMs: 300, attempts: 3, firstPauseMs: 1, pause: () => Promise.resolve() },
  }).store;
}

const bytes = randomBytes(200_000);
const path = join(folder.path, 'file');
writeFileSync(path, bytes);
const file = { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };

async function read(store: ContentStore, name: string): Promise<Buffer | undefined> {
  const pieces = await store.getPieces(name);
  return pieces === undefined ? undefined : buffer(pieces);
}

const times = (count: number, fault: Fault, method: string) => {
  let left = count;
  return (asked: Asked) => (asked.method === method && left-- > 0 ? fault : undefined);
};

describe.each<Service>(['s3', 'gs', 'azblob'])('%s', service => {
  test.each([
    ['one way', fakeCredentials[service]],
    ['the other way', otherCredentials[service]],
  ])('puts, gets, finds, lists and deletes what is signed %s', async (_way, environment) => {
    const store = await open(service, environment);
    expect(await read(store, 'x/one')).toBeUndefined();
    expect(await store.dateOf('x/one')).toBeUndefined();
    await store.putFile('x/one', file);
    await store.putFile('x/one', file);
    expect((await read(store, 'x/one'))?.equals(bytes)).toBe(true);
    expect(await store.dateOf('x/one')).toEqual(new Date('2026-10-21T07:28:00Z'));
    expect(await store.list('x/')).toEqual(['x/one']);
    await store.delete('x/one');
    await store.delete('x/one');
    expect([...fake.objects.keys()]).toEqual([]);
  });

  test('asks again where nothing was said about the request', async () => {
    const store = await open(service);
    fake.fault = times(2, { kind: 'status', status: 503 }, 'PUT');
    await store.putFile('one', file);
    fake.fault = times(1, { kind: 'silent' }, 'GET');
    expect((await read(store, 'one'))?.equals(bytes)).toBe(true);
    fake.fault = times(2, { kind: 'status', status: 429 }, 'DELETE');
    await store.delete('one');
    expect(fake.asked.filter(line => line.startsWith('PUT'))).toHaveLength(3);
  });

  test('takes no half of a content for one, and does not hurry whoever reads', async () => {
    const store = await open(service);
    await store.putFile('one', file);
    const pieces = await store.getPieces('one');
    let length = 0;
    for await (const piece of pieces ?? []) {
      if (length === 0) await pause(500); // longer than a server may be silent
      length += piece.length;
    }
    expect(length).toBe(bytes.length);
    fake.fault = times(1, { kind: 'cut' }, 'GET');
    await expect(read(store, 'one')).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test.each<[what: string, fault: Fault]>([
    ['no right', { kind: 'status', status: 403, code: 'AccessDenied' }],
    ['another region', { kind: 'status', status: 301, code: 'PermanentRedirect' }],
    ['no answer', { kind: 'silent' }],
    ['no bucket', { kind: 'status', status: 404, code: service === 'azblob' ? 'ContainerNotFound' : 'NoSuchBucket' }],
  ])('says what is in the way, and no secret: %s', async (_what, fault) => {
    const store = await open(service);
    for (const work of [
      () => store.putFile('one', file),
      () => read(store, 'one'),
      () => store.delete('one'),
      () => store.list('one'),
    ]) {
      fake.fault = () => fault;
      const error: unknown = await work().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_FAILED' });
      expect(JSON.stringify([String(error), error])).not.toContain('hunter2');
    }
  });
});
