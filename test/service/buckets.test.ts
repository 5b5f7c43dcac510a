// SPDX-License-Identifier: Apache-2.0
// What a service keeps, in a bucket: by the protocols of three services, and with a server of somebody else's making.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import S3rver from 's3rver';
import { openBlobs, requireUsable } from '../../packages/service/src/blobs/open-blobs.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { FakeBuckets, fakeAddress, fakeCredentials, type Service } from '../support/fake-buckets.ts';
import { Client, startService } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
afterAll(() => folder[Symbol.dispose]());

describe.each<Service>(['s3', 'gs', 'azblob'])('in a bucket of %s', service => {
  let fake: FakeBuckets;
  afterEach(() => fake[Symbol.dispose]());

  async function open() {
    fake = await FakeBuckets.start(service);
    const address = `${fakeAddress[service]}?endpoint=${encodeURIComponent(fake.endpoint)}`;
    return openBlobs({ data: at(service), address, environment: fakeCredentials[service] });
  }
  const nameOf = (digest: string) => `a/b/${digest.slice(0, 2)}/${digest}.zst`;

  test('contents are kept once, compressed, and given back whole or in pieces; nothing stays on this machine', async () => {
    const blobs = await open();
    await requireUsable(blobs);
    const bytes = Buffer.concat([randomBytes(2_000_000), Buffer.alloc(4_000_000)]);
    const digest = await blobs.put(bytes);
    expect(await blobs.put(bytes)).toBe(digest);
    expect(fake.asked.filter(line => line === `PUT ${nameOf(digest)}`)).toHaveLength(1);
    expect(fake.objects.get(nameOf(digest))?.bytes.length).toBeLessThan(2_100_000);
    expect((await blobs.get(digest)).equals(bytes)).toBe(true);
    expect((await buffer(await blobs.getStream(digest))).equals(bytes)).toBe(true);
    expect(readdirSync(at(`${service}/drafts`))).toEqual([]);
    await blobs.delete(digest);
    expect(fake.objects.has(nameOf(digest))).toBe(false);
  });

  test('one that was changed is an error, as is one that is gone, and a bucket that does not answer is another', async () => {
    const blobs = await open();
    const [one, other] = [await blobs.put(randomBytes(100)), await blobs.put(randomBytes(3_000_000))];
    for (const digest of [one, other]) {
      fake.objects.set(nameOf(digest), { bytes: zstdCompressSync(randomBytes(3_000_000)), version: '"9"' });
      await expect(blobs.get(digest)).rejects.toMatchObject({ code: 'SERVICE_DATA' });
    }
    fake.objects.clear();
    await expect(blobs.get(one)).rejects.toMatchObject({ code: 'SERVICE_DATA' });
    fake.fault = () => ({ kind: 'status', status: 403, code: 'AccessDenied' });
    await expect(blobs.get(one)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(requireUsable(blobs)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});

test.each([
  ['s3://results/a', {}],
  ['s3://results/a?endpoint=http://example.com', fakeCredentials.s3],
  ['s3://results/a?region=x', fakeCredentials.s3],
  ['s3://results/a?endpoint=http://127.0.0.1:1&endpoint=http://127.0.0.1:2', fakeCredentials.s3],
  ['s3://key:secret@results/a', fakeCredentials.s3],
  ['/a/folder', fakeCredentials.s3],
  ['ftp://results/a', fakeCredentials.s3],
])('%s is refused as a place for contents', (address, environment) => {
  expect(() => openBlobs({ data: at('x'), address, environment })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  );
});

describe('with a server of S3', () => {
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: at('s3rver'),
    configureBuckets: [{ name: 'results', configs: [] }],
  });
  const environment = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
  let address = '';
  beforeAll(async () => {
    const { port } = await server.run();
    address = `s3://results/service?endpoint=${encodeURIComponent(`http://127.0.0.1:${port}`)}`;
  });
  afterAll(() => server.close());

  // A key of the fixture: packages/service/fixtures/README.md.
  const key = 'cs_b5z2nuca_pqcfemrian2adwr5uruazzj3qnsbmeg3';

  test('a backup is restored into the bucket, and the service reads its reports from there', async () => {
    const program = join(root, 'packages/service/bin/cinc-scan-service.js');
    const fixture = join(root, 'packages/service/fixtures/first-layout.backup');
    const args = [program, 'restore', fixture, '--data', at('data'), '--blobs', address];
    const env = { PATH: process.env['PATH'], HOME: folder.path, ...environment };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toContain('2 teams, 6 scans');
    writeFileSync(at('kubeconfig'), 'apiVersion: v1\nkind: Config\n');
    const place = { folder: folder.path, kubeconfigPath: at('kubeconfig') };
    const service = await startService(place, 'data', {
      env: environment,
      args: ['--role', 'api', '--blobs', address],
    });
    try {
      const shop = new Client(service.url, key);
      const { items } = await shop.call<{ items: { id: string; state: string }[] }>('GET', '/scans');
      const done = items.find(({ state }) => state === 'done');
      const page = await shop.send('GET', `/scans/${done?.id}/results?format=html`);
      expect(page).toEqual({ status: 200, text: '<!doctype html><title>ä</title>\n' });
      expect(readdirSync(at('data')).filter(name => name === 'blobs')).toEqual([]);
    } finally {
      await service.stop();
    }
  });
});
