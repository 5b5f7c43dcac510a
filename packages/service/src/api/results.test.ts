// SPDX-License-Identifier: Apache-2.0
// Reports on their way to whoever asks: streamed, with their digest as tag, and never another content than was kept.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ApiClient } from '../testing/api-client.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { finishScan } from '../testing/finished-scan.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, type World } from '../testing/world.ts';

let parts: TestStore;
let world: World;
let served: TestApi;
let api: ApiClient;
let id: string;

const large = randomBytes(4 * 1_048_576);
const reports = [
  { file: 'a.json', kind: 'hdf', bytes: Buffer.from('{"a":1}') },
  { file: 'b.json', kind: 'hdf', bytes: Buffer.from('{"b":1}') },
  { file: 'report.html', kind: 'html', bytes: Buffer.from('<script>alert(1)</script>') },
  { file: 'results.csv', kind: 'csv', bytes: large },
  { file: 'x.ckl', kind: 'ckl', bytes: Buffer.from('<CHECKLIST/>') },
];

beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
  served = await serveApi(parts);
  api = served.client;
  id = await finishScan(parts, world.bank, { ask: askFor('pod/report'), verdict: 'fail', reports });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});

const ask = (
  query: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
) =>
  fetch(`${served.url}/api/v1/scans/${id}/results?${query}`, {
    method,
    headers: { authorization: `Bearer ${world.keys.bank}`, ...headers },
  });

test('a report is given as it was written, to be saved and not to be shown', async () => {
  const page = await ask('format=html');
  expect(page.headers.get('content-disposition')).toBe('attachment');
  expect(page.headers.get('content-length')).toBe('25');
  expect(await page.text()).toBe('<script>alert(1)</script>');
  expect((await ask('format=html', { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })).status).toBe(304);
  expect(Buffer.from(await (await ask('format=csv')).arrayBuffer()).equals(large)).toBe(true);
  expect(await (await ask('format=ckl')).text()).toBe('<CHECKLIST/>');
});

test('one of several files is named', async () => {
  const answer = async (query: string) => (await ask(query)).status;
  expect(await answer('format=hdf')).toBe(422);
  expect(await (await ask('format=hdf&file=b.json')).text()).toBe('{"b":1}');
  expect(await answer('format=hdf&file=../b.json')).toBe(404);
  expect(await answer('format=sarif')).toBe(404);
  const { body } = await api.call('GET', `/scans/${id}/reports`, { key: world.keys.bank });
  const items = reports.map(({ file, kind, bytes }) => ({ file, kind, bytes: bytes.length }));
  expect(body['items']).toMatchObject(items);
});

test('its head is that of the answer, and costs no reading', async () => {
  const digest = (await ask('format=csv')).headers.get('etag');
  const head = await ask('format=csv', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
    200,
    String(large.length),
    digest,
  ]);
  expect(await head.text()).toBe('');
});

test('the scan is over, and so are its events', async () => {
  expect((await api.call('GET', `/scans/${id}`, { key: world.keys.bank })).body).toMatchObject({
    state: 'done',
    verdict: 'fail',
    exitCode: 3,
  });
  const { text } = await api.call('GET', `/scans/${id}/events`, { key: world.keys.bank });
  expect(text).toBe('event: end\ndata: {"state":"done","verdict":"fail"}\n\n');
});

describe('a content that is not what it was', () => {
  const digestOf = async (kind: string) => (await ask(`format=${kind}`)).headers.get('etag')?.slice(1, -1) ?? '';

  test('is an error that names no folder, where it is small or gone', async () => {
    for (const kind of ['html', 'csv']) {
      await parts.blobs.delete(await digestOf(kind));
      const { status, body, text } = await api.call('GET', `/scans/${id}/results?format=${kind}`, {
        key: world.keys.bank,
      });
      expect([status, body['code']]).toEqual([500, 'SERVICE_DATA']);
      expect(text).not.toContain('/blobs/');
    }
  });

  test('breaks the answer off, where it is large: nobody takes it for the report', async () => {
    const digest = await parts.blobs.put(large);
    const other = Buffer.from(large);
    other.writeUInt8(other.readUInt8(other.length - 1) ^ 1, other.length - 1);
    await parts.exchange(digest, other);
    const answer = await ask('format=csv');
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow();
  });
});
