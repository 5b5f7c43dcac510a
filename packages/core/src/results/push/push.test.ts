// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ScanError } from '../../errors/index.ts';
import type { RetrySettings } from '../../http/index.ts';
import type { Surface } from '../../report/model.ts';
import { readFixture, sampleAudited, sampleModel } from '../../report/testing/sample-model.ts';
import { resolveValues, Secret } from '../../request/index.ts';
import { makeRedactor } from '../redact/redact.ts';
import { pushAll } from './push.ts';
import { type Push, toPushes } from './push-spec.ts';

interface Got {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}
type Behaviour = (got: Got, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** A server that behaves as told, request by request; the last way goes on. */
async function serve(...ways: Behaviour[]): Promise<{ url: URL; got: Got[] }> {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      got.push(one);
      ways[Math.min(got.length, ways.length) - 1]?.(one, response);
    });
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/base/`), got };
}

const answer =
  (status: number, body: unknown = {}, headers: Record<string, string> = {}): Behaviour =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const hangUp: Behaviour = (_, response) => void response.socket?.destroy();
const halfAnAnswer: Behaviour = (_, response) => {
  response.socket?.write('HTTP/1.1 201 Cre');
  setImmediate(() => response.socket?.destroy());
};
const silence: Behaviour = () => undefined;

const pauses: number[] = [];
const settings: RetrySettings = {
  timeoutMs: 5000,
  attempts: 4,
  firstPauseMs: 1000,
  pause: ms => Promise.resolve(pauses.push(ms)),
};
afterEach(() => void pauses.splice(0));

const webhook = (url: URL): Push => ({
  kind: 'webhook',
  name: `webhook ${url.origin}`,
  url,
  secret: new Secret('top-secret'),
});
const heimdall = (url: URL): Push => ({
  kind: 'heimdall',
  name: `heimdall ${url.origin}`,
  url,
  key: new Secret('api-key-1'),
});
const model = () => sampleModel([sampleAudited({ text: readFixture('mix.json') })]);

async function push(one: Push, changes: Partial<RetrySettings> = {}): Promise<Surface> {
  const pushed = { model: model(), reports: [], redactor: makeRedactor([new Secret('top-secret')]) };
  const [surface] = await pushAll([one], pushed, { ...settings, ...changes });
  if (surface === undefined) throw new Error('nothing was pushed');
  return surface;
}

describe('a webhook', () => {
  test('gets the manifest and the outputs, signed over time and body', async () => {
    const { url, got } = await serve(answer(204));
    expect(await push(webhook(url))).toEqual({ name: `webhook ${url.origin}`, ok: true });
    expect(got).toHaveLength(1);
    const [{ method, headers, body } = { method: '', headers: {} as Got['headers'], body: '' }] = got;
    expect(method).toBe('POST');
    const signature = createHmac('sha256', 'top-secret')
      .update(`${String(headers['x-cinc-scan-timestamp'])}.${body}`)
      .digest('hex');
    expect(headers['x-cinc-scan-signature']).toBe(`sha256=${signature}`);
    expect(Math.abs(Number(headers['x-cinc-scan-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    expect(headers['idempotency-key']).toBe('run-1');
    const sent = JSON.parse(body) as Record<string, unknown>;
    expect(sent).toMatchObject({
      event: 'scan.finished',
      scan: { run: { id: 'run-1' } },
      outputs: { verdict: 'fail' },
    });
    expect(body).not.toContain('top-secret');
  });

  test('is tried again with the same key where it may help, and waits as long as it is asked to', async () => {
    const { url, got } = await serve(hangUp, answer(429, {}, { 'retry-after': '7' }), answer(503), answer(200));
    expect((await push(webhook(url))).ok).toBe(true);
    expect(got.map(({ headers }) => headers['idempotency-key'])).toEqual(['run-1', 'run-1', 'run-1', 'run-1']);
    expect(pauses).toEqual([1000, 7000, 4000]);
  });

  test('is given up after some attempts, with one message', async () => {
    const { url, got } = await serve(answer(500));
    expect(await push(webhook(url))).toEqual({ name: `webhook ${url.origin}`, ok: false, message: 'it answered 500' });
    expect(got).toHaveLength(4);
  });

  test('is not tried again where it refuses the request itself', async () => {
    const { url, got } = await serve(answer(401));
    expect(await push(webhook(url))).toMatchObject({ ok: false, message: 'it answered 401' });
    expect(got).toHaveLength(1);
  });

  test('does not lead the results elsewhere', async () => {
    const elsewhere = await serve(answer(200));
    for (const status of [301, 302, 307, 308]) {
      const { url } = await serve(answer(status, {}, { location: elsewhere.url.href }));
      expect(await push(webhook(url))).toMatchObject({ ok: false, message: expect.stringContaining('redirects') });
    }
    expect(elsewhere.got).toEqual([]);
  });

  test('that never answers ends in time', async () => {
    const { url } = await serve(silence);
    expect(await push(webhook(url), { timeoutMs: 200, attempts: 2 })).toMatchObject({
      ok: false,
      message: 'no answer within 200 ms',
    });
  });

  test('that answers without an end is cut off', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200);
      const more = () => void response.write('x'.repeat(65_536), error => error ?? setImmediate(more));
      more();
    });
    expect(await push(webhook(url), { attempts: 1 })).toMatchObject({ ok: false, message: 'the answer is too long' });
  });

  test('that is not there fails without a word about secrets', async () => {
    const surface = await push(webhook(new URL('http://127.0.0.1:1/')));
    expect(surface).toMatchObject({ ok: false, message: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('Heimdall', () => {
  const uploads = (got: Got[]) => got.filter(({ method }) => method === 'POST');

  test('gets each result file with its facts, under a name of its own', async () => {
    const { url, got } = await serve(answer(201, { id: '1' }));
    expect((await push(heimdall(url))).ok).toBe(true);
    const [one] = got;
    expect(one).toMatchObject({ method: 'POST', url: '/base/evaluations' });
    expect(one?.headers).toMatchObject({ authorization: 'Api-Key api-key-1' });
    const form = await new Response(one?.body, {
      headers: { 'content-type': one?.headers['content-type'] ?? '' },
    }).formData();
    expect(form.get('filename')).toBe('run-1-shop_web-5d4f-abcde_app.json');
    expect(form.get('public')).toBe('false');
    const file = form.get('data');
    const text = typeof file === 'string' ? file : await file?.text();
    expect(JSON.parse(text ?? '')).toMatchObject({ passthrough: { cincScan: { target: { namespace: 'shop' } } } });
  });

  test('is not sent a file again that it has, though the answer was lost', async () => {
    const stored = answer(200, [{ filename: 'other.json' }, { filename: 'run-1-shop_web-5d4f-abcde_app.json' }]);
    const { url, got } = await serve(hangUp, stored);
    expect((await push(heimdall(url))).ok).toBe(true);
    expect(got.map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  test('is sent a file again that it does not have', async () => {
    const { url, got } = await serve(hangUp, answer(200, { totalCount: 0, evaluations: [] }), answer(201));
    expect((await push(heimdall(url))).ok).toBe(true);
    expect(got.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST']);
  });

  const single: [name: string, ways: Behaviour[], message: RegExp][] = [
    ['part of an answer came', [halfAnAnswer], /.+/],
    ['it answered with an error', [answer(500)], /it answered 500/],
    ['it asked to wait', [answer(429)], /it answered 429/],
    ['it does not say what it has', [hangUp, answer(500)], /whether it was stored is not known/],
    ['it says something else', [hangUp, answer(200, 'hello')], /not known/],
    ['it shows only a part', [hangUp, answer(200, { totalCount: 9, evaluations: [] })], /not known/],
  ];
  test.each(single)('is sent a file once where %s', async (_, ways, message) => {
    const { url, got } = await serve(...ways);
    expect(await push(heimdall(url))).toMatchObject({ ok: false, message: expect.stringMatching(message) });
    expect(uploads(got)).toHaveLength(1);
  });
});

describe('what is asked for', () => {
  const values = (flags: Record<string, unknown>, environment: Record<string, string> = {}) =>
    resolveValues({ flags, environment, file: undefined });
  const secrets = { CINC_SCAN_WEBHOOK_SECRET: 's', CINC_SCAN_HEIMDALL_API_KEY: 'k' };

  test('is https, or stays on this machine, or says that it is not', () => {
    const all = [
      'webhook=https://a.example/x',
      'heimdall=http://127.0.0.1:3000',
      'webhook=http://[::1]/',
      'heimdall=http://localhost',
    ];
    expect(toPushes(values({ push: all }, secrets)).map(({ name }) => name)).toEqual([
      'webhook https://a.example',
      'heimdall http://127.0.0.1:3000',
      'webhook http://[::1]',
      'heimdall http://localhost',
    ]);
    expect(toPushes(values({ push: 'webhook=http://a.example', 'push-insecure': 'true' }, secrets))).toHaveLength(1);
  });

  const refused: [string, Record<string, string>][] = [
    ['webhook=http://a.example', secrets],
    ['webhook=http://127.0.0.1.a.example', secrets],
    ['webhook=https://user:pass@a.example', secrets],
    ['webhook=file:///etc/passwd', secrets],
    ['webhook', secrets],
    ['pigeon=https://a.example', secrets],
    ['webhook=https://a.example\nwebhook=https://a.example', secrets],
    ['webhook=https://a.example', {}],
    ['heimdall=https://a.example', {}],
    ['heimdall=https://a.example', { CINC_SCAN_HEIMDALL_API_KEY: '/nonexistent/key' }],
    ['heimdall=https://a.example', { CINC_SCAN_HEIMDALL_API_KEY: 'two\r\nlines: x' }],
  ];
  test.each(refused)('is refused before anything else happens: %j %j', (text, environment) => {
    expect(() => toPushes(values({ push: text }, environment))).toThrow(ScanError);
  });

  test('takes a secret on the command line only as a path', () => {
    expect(() => values({ 'webhook-secret': 'hunter2' })).toThrow(/expected a path/);
  });
});
