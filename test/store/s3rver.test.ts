// SPDX-License-Identifier: Apache-2.0
// A server of somebody else's making, which takes conditions and ignores them.
import { keepsConditions, type ObjectStore, openStore } from '@cinc-scan/core';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import S3rver from 's3rver';
import { temporaryFolder } from '../support/command.ts';
import { FakeBuckets, fakeCredentials } from '../support/fake-buckets.ts';

const folder = temporaryFolder();
const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: folder.path,
  configureBuckets: [{ name: 'results', configs: [] }],
});
let store: ObjectStore;

const open = (endpoint: string, address: string, environment: Record<string, string>) =>
  openStore(address, { workspace: '/', environment, endpoint }).store;

beforeAll(async () => {
  const { port } = await server.run();
  const environment = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
  store = open(`http://127.0.0.1:${port}`, 's3://results/a/b', environment);
});
afterAll(async () => {
  await server.close();
  folder[Symbol.dispose]();
});

test('a server of S3 puts, gets and lists', async () => {
  expect(await store.get('x/one.json')).toBeUndefined();
  const put = await store.put('x/one.json', Buffer.from('1'), { condition: { kind: 'new' } });
  const got = await store.get('x/one.json');
  expect(got).toEqual({ bytes: Buffer.from('1'), version: put.kind === 'stored' ? put.version : '' });
  for (const name of ['x/two=2.json', 'y/three.json'])
    await store.put(name, Buffer.from(name), { condition: { kind: 'new' } });
  expect(await store.list('x/')).toEqual(['x/one.json', 'x/two=2.json']);
});

test('one that ignores conditions is found out, and one that keeps them is known by it, also the second time', async () => {
  expect(await keepsConditions(store, 'probe.json')).toBe(false);
  using fake = await FakeBuckets.start('s3');
  const honest = open(fake.endpoint, 's3://results/a/b', fakeCredentials.s3);
  expect(await keepsConditions(honest, 'probe.json')).toBe(true);
  expect(await keepsConditions(honest, 'probe.json')).toBe(true);
  fake.ignoresConditions = true;
  expect(await keepsConditions(honest, 'probe.json')).toBe(false);
  expect([...fake.objects.keys()]).toEqual(['a/b/probe.json']);
});
