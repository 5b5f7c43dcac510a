// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Secret } from '../request/index.ts';
import { Asking, failureOf, patience } from './testing/asking.ts';
import { FakeService, page, refuse, scanId, send } from './testing/fake-service.ts';

let asking: Asking;
beforeEach(async () => {
  asking = await Asking.open();
});
afterEach(() => asking[Symbol.asyncDispose]());

const unavailable = { code: 'SERVICE_UNAVAILABLE', detail: 'not now' };

test.each<[string, Parameters<FakeService['on']>[1]]>([
  ['an overloaded service', (_, response) => refuse(response, 503, unavailable)],
  [
    'a team with as many scans as it may have',
    (_, response) => refuse(response, 429, { code: 'SERVICE_QUOTA', detail: 'full' }),
  ],
  ['a proxy without a service behind it', (_, response) => page(response, 502)],
  ['a connection that breaks', ({ socket }) => socket.destroy()],
])('%s is asked again', async (_, fail) => {
  await asking.keep();
  const { service } = asking;
  let count = 0;
  service.on('scan', (request, response, body) => {
    count += 1;
    return count < 4 ? fail(request, response, body) : send(response, 200, service.scan);
  });
  expect((await asking.ask()).verdict.verdict).toBe('pass');
  expect(asking.notices.join('\n')).toMatch(/cannot answer now .*: trying again/);
});

test('asks again with the same key, so that no scan is made twice', async () => {
  await asking.keep();
  const { service } = asking;
  service.on('submit', (request, response, body) => {
    if (service.times('POST') < 3) return request.socket.destroy();
    service.scan.ask = JSON.parse(body) as Record<string, unknown>;
    return send(response, 202, { id: scanId, kind: 'new', joined: false, links: {} });
  });
  expect((await asking.ask({ runId: 'build-7' })).verdict.verdict).toBe('pass');
  const keys = service.headers.flatMap(headers => headers['idempotency-key'] ?? []);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^build-7-[0-9a-f-]{36}$/);
});

test('a service that is not there for a while is waited for, and no event is told twice or lost', async () => {
  await asking.keep();
  const { service } = asking;
  service.events = [1, 2, 3, 4, 5].map(n => ({ event: 'notice', data: { text: `event ${n}` } }));
  const { port, run, scan, events } = service;
  service.on('events', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const told = [1, 2].map(n => `id: ${n}\nevent: notice\ndata: {"text":"event ${n}"}\n\n`).join('');
    response.write(`${told}id: 3\nevent: noti`);
    setTimeout(() => void service[Symbol.asyncDispose](), 20);
  });
  const asked = asking.ask();
  await asking.said(/cannot answer now/);
  await pause(patience.doubtMs + 100); // longer than for a service that was never heard
  asking.service = await FakeService.open(port);
  Object.assign(asking.service, { run, scan, events });
  expect((await asked).verdict.verdict).toBe('pass');
  expect(asking.notices.filter(text => text.startsWith('event'))).toEqual([1, 2, 3, 4, 5].map(n => `event ${n}`));
  const [resumed] = asking.service.headers.flatMap(headers => headers['last-event-id'] ?? []);
  expect(resumed).toBe('2');
});

test.each<[string, string, (fake: FakeService) => unknown]>([
  ['nobody', 'SERVICE_UNREACHABLE', fake => fake[Symbol.asyncDispose]()],
  ['a gateway', 'SERVICE_UNREACHABLE', fake => fake.on('submit', (_, response) => page(response, 502))],
  [
    'a service that fails',
    'SERVICE_DATA',
    fake => fake.on('submit', (_, response) => refuse(response, 500, { code: 'SERVICE_DATA', detail: 'it failed' })),
  ],
])('%s that stays is an error after a while: %s', async (_, code, worsen) => {
  const signIn = { kind: 'key' as const, key: new Secret('key-of-the-test') };
  const server = { address: asking.service.url, ca: undefined, signIn };
  await worsen(asking.service);
  const found = await asking.ask({ server });
  expect(failureOf(found)?.code).toBe(code);
  expect(found.verdict.exitCode).toBeGreaterThan(3);
});

test('a stream that says nothing is listened to anew', async () => {
  await asking.keep();
  const { service } = asking;
  const { state } = service.scan;
  service.scan.state = 'running';
  service.on('events', (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (service.times('/events') === 1) return response.flushHeaders();
    service.scan.state = state;
    return response.end('event: end\ndata: {}\n\n');
  });
  expect((await asking.ask()).verdict.verdict).toBe('pass');
  expect(service.times('/events')).toBe(2);
});
