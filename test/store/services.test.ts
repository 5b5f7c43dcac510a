// SPDX-License-Identifier: Apache-2.0
// What each service of buckets is asked, and what becomes of everything that it may answer.
import { type ObjectStore, openStore } from '@cinc-scan/core';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type Asked,
  FakeBuckets,
  type Fault,
  fakeAddress,
  fakeCredentials,
  otherCredentials,
  type Service,
} from '../support/fake-buckets.ts';

let fake: FakeBuckets;
afterEach(() => fake[Symbol.dispose]());

interface Asking {
  environment?: Record<string, string>;
  address?: string;
}

async function open(service: Service, { environment, address }: Asking = {}): Promise<ObjectStore> {
  fake = await FakeBuckets.start(service);
  return openStore(address ?? fakeAddress[service], {
    workspace: '/',
    environment: environment ?? fakeCredentials[service],
    endpoint: fake.endpoint,
    retry: { timeoutMs: 300, attempts: 3, firstPauseMs: 1, pause: () => Promise.resolve() },
  }).store;
}

const isNew = { condition: { kind: 'new' } } as const;
const at = (version: string) => ({ condition: { kind: 'version', version } }) as const;
const text = (content: string) => Buffer.from(content);
const services: Service[] = ['s3', 'gs', 'azblob'];

/** Something goes wrong so many times. */
const times = (count: number, fault: Fault, method = 'PUT') => {
  let left = count;
  return (asked: Asked) => (asked.method === method && left-- > 0 ? fault : undefined);
};

describe.each(services)('%s', service => {
  test.each([
    ['one way', fakeCredentials[service]],
    ['the other way', otherCredentials[service]],
  ])('puts, gets and lists what is signed %s', async (_way, environment) => {
    const store = await open(service, { environment });
    expect(await store.get('x/one.json')).toBeUndefined();
    const first = await store.put('x/one.json', text('1'), isNew);
    expect(first.kind).toBe('stored');
    expect(await store.get('x/one.json')).toEqual({
      bytes: text('1'),
      ...('version' in first && { version: first.version }),
    });
    for (const name of ['x/two.json', 'x/e=f@g~h.json', 'y/three.json', 'x/four.json'])
      await store.put(name, text(name), isNew);
    expect(await store.list('x/')).toEqual(['x/e=f@g~h.json', 'x/four.json', 'x/one.json', 'x/two.json']);
    expect([...fake.objects.keys()]).toContain('a/b/y/three.json');
  });

  test('puts only what is new, or still the version that was read', async () => {
    const store = await open(service);
    const first = await store.put('s', text('1'), isNew);
    expect(await store.put('s', text('2'), isNew)).toEqual({ kind: 'conflict' });
    const version = first.kind === 'stored' ? first.version : '';
    expect((await store.put('s', text('3'), at(version))).kind).toBe('stored');
    expect(await store.put('s', text('4'), at(version))).toEqual({ kind: 'conflict' });
    expect(await store.put('gone', text('4'), at(version))).toEqual({ kind: 'conflict' });
    expect((await store.get('s'))?.bytes.toString()).toBe('3');
  });

  test('knows its own put again where the answer to it was lost', async () => {
    const store = await open(service);
    fake.fault = times(1, { kind: 'status', status: 500, isStored: true });
    expect((await store.put('s', text('1'), isNew)).kind).toBe('stored');
    fake.fault = times(1, { kind: 'silent', isStored: true });
    expect((await store.put('t', text('1'), isNew)).kind).toBe('stored');
    fake.objects.set('a/b/u', { bytes: text('of another'), version: '"9"' });
    fake.fault = times(1, { kind: 'status', status: 503 });
    expect((await store.put('u', text('1'), isNew)).kind).toBe('conflict');
  });

  test.each<[string, Fault]>([
    ['500', { kind: 'status', status: 500, code: 'InternalError' }],
    ['503', { kind: 'status', status: 503, code: 'SlowDown', retryAfter: '0' }],
    ['429', { kind: 'status', status: 429 }],
    ['a cut answer', { kind: 'cut' }],
    ['silence', { kind: 'silent' }],
  ])('asks again after %s, and fails where that does not end', async (_what, fault) => {
    const store = await open(service);
    await store.put('s', text('1'), isNew);
    fake.fault = times(1, fault, 'GET');
    expect((await store.get('s'))?.bytes.toString()).toBe('1');
    fake.fault = times(9, fault, 'GET');
    await expect(store.get('s')).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining(`${fakeAddress[service]}/s: `),
    });
    expect(fake.asked.filter(line => line === 'GET a/b/s')).toHaveLength(5);
  });

  test.each([
    [403, 'AccessDenied', /may read, write and list/],
    [404, service === 'azblob' ? 'ContainerNotFound' : 'NoSuchBucket', /Make the bucket first/],
    [404, '', /Make the bucket first/],
    [301, 'PermanentRedirect', /Name the region/],
    [400, '::error::', /its rights and the network/],
  ])(
    'takes %s %s for a failure, never for an absent object, and quotes nothing of it',
    async (status, code, remedy) => {
      const store = await open(service);
      fake.fault = () => ({ kind: 'status', status, code });
      const failure = { code: 'STORE_FAILED', remedy: expect.stringMatching(remedy) };
      await expect(store.get('s')).rejects.toMatchObject(failure);
      await expect(store.put('s', text('1'), isNew)).rejects.toMatchObject(failure);
      await expect(store.list('')).rejects.toMatchObject(failure);
      const said = await store.get('s').catch(error => `${String(error)} ${JSON.stringify(error)}`);
      expect(said).toContain(`it answered ${status}`);
      expect(said).not.toMatch(/hunter2|::error::/);
    },
  );

  test('is refused with wrong credentials', async () => {
    const environment = Object.fromEntries(
      Object.entries(otherCredentials[service]).map(([name, value]) => [
        name,
        /SECRET|TOKEN/.test(name) ? `${value}x` : value,
      ]),
    );
    const store = await open(service, { environment });
    const said = await store.get('s').catch(String);
    expect(said).toContain(service === 's3' ? '(AccessDenied)' : 'it answered 403');
    expect(said).not.toContain('hunter2');
  });

  test.each(['../x', 'a/../x', '/x', 'x/', 'a//b', '.hidden', 'a b', 'x?y', 'x#y', '%2e%2e/x', 'x\ny', 'ä', ''])(
    'asks nobody for the name %j',
    async name => {
      const store = await open(service);
      await expect(store.get(name)).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await expect(store.put(name, text('1'), isNew)).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect(fake.asked).toEqual([]);
    },
  );
});

test('a store is asked through the proxy of the environment, and signed for its own name', async () => {
  fake = await FakeBuckets.start('s3');
  const environment = { ...fakeCredentials.s3, HTTP_PROXY: fake.endpoint };
  const endpoint = 'http://minio.example.org';
  const { store } = openStore(fakeAddress.s3, { workspace: '/', environment, endpoint, isInsecure: true });
  expect((await store.put('s', text('1'), isNew)).kind).toBe('stored');
  expect((await store.get('s'))?.bytes.toString()).toBe('1');
});

describe('an address', () => {
  const refused = (address: string, environment: Record<string, string> = {}, endpoint?: string) => {
    try {
      openStore(address, { workspace: '/', environment, endpoint });
      return 'taken';
    } catch (error) {
      return error instanceof Error ? `${error.name} ${error.message}` : '';
    }
  };

  test.each([
    ['s3://', 'plain names'],
    ['s3:bucket', 'plain names'],
    ['s3://user:hunter2@bucket/x', 'plain names'],
    ['s3://bucket/a/../b', 'plain names'],
    ['s3://bucket/a?x=hunter2', 'plain names'],
    ['azblob://account', 'an account and a container'],
    ['https://bucket.example.org', 'expected a folder, file:, s3://'],
    ['file://elsewhere/x', 'a path of this machine'],
  ])('%s is refused without being repeated', (address, problem) => {
    expect(refused(address)).toContain(problem);
    expect(refused(address)).not.toContain('hunter2');
  });

  test.each([
    ['s3://bucket/x', {}, 'AWS_REGION'],
    ['s3://bucket/x', { AWS_REGION: 'evil.example.org/' }, 'AWS_REGION is not'],
    ['s3://bucket/x', { AWS_REGION: 'eu-central-1' }, 'AWS_ACCESS_KEY_ID'],
    [
      's3://bucket/x',
      { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'hunter2\nx: y' },
      'printable',
    ],
    ['s3://Bucket.evil/x', { ...fakeCredentials.s3, AWS_REGION: 'eu-central-1' }, 'its service would have'],
    ['gs://bucket/x', {}, 'GOOGLE_OAUTH_ACCESS_TOKEN'],
    ['gs://bucket/x', { GOOGLE_STORAGE_ACCESS_KEY_ID: 'a' }, 'GOOGLE_STORAGE_SECRET_ACCESS_KEY'],
    ['azblob://account/results', {}, 'AZURE_STORAGE_ACCESS_TOKEN'],
    ['azblob://evil.example.org/results', fakeCredentials.azblob, 'its service would have'],
  ])('%s with %j asks for what is missing before anything is sent', (address, environment, problem) => {
    expect(refused(address, environment)).toContain(problem);
    expect(refused(address, environment)).not.toContain('hunter2');
  });

  test.each([
    ['http://minio.example.org:9000', 'is not https'],
    ['https://user:hunter2@minio.example.org', 'without credentials'],
    ['ftp://minio.example.org', 'http(s)'],
  ])('is not asked of %s', (endpoint, problem) => {
    expect(refused('s3://bucket/x', fakeCredentials.s3, endpoint)).toContain(problem);
    expect(refused('s3://bucket/x', { ...fakeCredentials.s3, AWS_ENDPOINT_URL_S3: endpoint })).toContain(problem);
    expect(refused('s3://bucket/x', fakeCredentials.s3, endpoint)).not.toContain('hunter2');
  });
});
