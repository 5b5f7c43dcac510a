// SPDX-License-Identifier: Apache-2.0
// What answers otherwise than a scan service is an error by its name, and never a verdict.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { hostileTexts } from '../report/testing/hostile-texts.ts';
import type { ServerRequest } from './server-request.ts';
import { Asking, failureOf, passed } from './testing/asking.ts';
import { FakeService, page, refuse, scanId, send, stream } from './testing/fake-service.ts';

let asking: Asking;
beforeEach(async () => {
  asking = await Asking.open();
  await asking.keep();
});
afterEach(() => asking[Symbol.asyncDispose]());

const big = 'x'.repeat(6 * 1_048_576);
const json = { 'content-type': 'application/json' };

test.each<[string, RegExp, (fake: FakeService) => unknown]>([
  ['a page', /text\/html, not with JSON/, fake => fake.on('submit', (_, response) => page(response, 200))],
  ['no type', /nothing, not with JSON/, fake => fake.on('scan', (_, response) => response.writeHead(200).end('{}'))],
  ['a page that says 404', /it answered 404/, fake => fake.on('submit', (_, response) => page(response, 404))],
  [
    'too much',
    /longer than one of a scan/,
    fake => fake.on('submit', (_, response) => send(response, 202, { id: big })),
  ],
  [
    'half of it',
    /its answer has another form/,
    fake => fake.on('submit', (_, response) => response.writeHead(202, json).end('{"id":"01')),
  ],
  [
    'other types',
    /its answer has another form/,
    fake => fake.on('submit', (_, response) => send(response, 202, { id: 7, kind: [] })),
  ],
  [
    'a state that is none',
    /its answer has another form/,
    fake => fake.on('scan', (_, response) => send(response, 200, { ...fake.scan, state: 'passed' })),
  ],
  [
    'another scan',
    /asked for scan/,
    fake => fake.on('scan', (_, response) => send(response, 200, { ...fake.scan, id: scanId.replace('01', '02') })),
  ],
  [
    'the scan of another request',
    /answer to another question/,
    fake => fake.on('scan', (_, response) => send(response, 200, { ...fake.scan, ask: { namespace: ['bank'] } })),
  ],
  [
    'a code that nobody knows',
    /TEAPOT: short and stout/,
    fake => fake.on('submit', (_, response) => refuse(response, 418, { code: 'TEAPOT', detail: 'short and stout' })),
  ],
  [
    'a problem of another form',
    /does not say why/,
    fake =>
      fake.on('submit', (_, response) =>
        response.writeHead(400, { 'content-type': 'application/problem+json' }).end('{"code":1}'),
      ),
  ],
])('%s', (_, message, worsen) => expectRefused(message, worsen));

test.each<[string, RegExp, string]>([
  [
    'go back',
    /not in order/,
    'id: 2\nevent: notice\ndata: {"text":"a"}\n\nid: 1\nevent: notice\ndata: {"text":"b"}\n\n',
  ],
  ['have no number', /not in order/, 'event: notice\ndata: {"text":"a"}\n\n'],
  ['are without number', /has more than \d+ events/, 'id: 900000\nevent: notice\ndata: {"text":"a"}\n\n'],
  ['do not end', /longer than \d+ characters/, `data: ${big}`],
  ['never end', /longer than \d+ characters/, 'data: x\n'.repeat(1_100_000)],
  ['have another form', /told of stage what has another form/, 'id: 1\nevent: stage\ndata: {"stage":"lunch"}\n\n'],
  ['are not JSON', /told of notice what has another form/, 'id: 1\nevent: notice\ndata: hello\n\n'],
])('events that %s', (_, message, text) =>
  expectRefused(message, fake => fake.on('events', (__, response) => stream(response, text))),
);

test('JSON in place of events', () =>
  expectRefused(/not with events/, fake => fake.on('events', (_, response) => send(response, 200, {}))));

test('events of kinds that this version does not know are passed over', async () => {
  asking.service.events = [{ event: 'confetti', data: { colour: 'red' } }];
  expect((await asking.ask()).verdict.verdict).toBe('pass');
});

const listing = (change: (items: ReturnType<FakeService['reports']>) => object[]) => (fake: FakeService) =>
  fake.on('reports', (_, response) => send(response, 200, { items: change(fake.reports()) }));

test.each<[string, RegExp, (fake: FakeService) => unknown]>([
  ['that are not there', /is done, and has no result/, listing(() => [])],
  ['with two manifests', /several manifests/, listing(items => [...items, ...items])],
  ['by digests that are none', /another form/, listing(items => items.map(each => ({ ...each, digest: '../etc' })))],
  ['without results', /lacks the result files/, listing(items => items.filter(({ kind }) => kind !== 'hdf'))],
  ['that were changed', /SHA-256 differs/, fake => fake.on('results', (_, response) => send(response, 200, {}))],
  [
    'of a failure without a word',
    /it does not say why/,
    fake => Object.assign(fake, { run: undefined, scan: { ...fake.scan, state: 'failed' } }),
  ],
  [
    'that pass where the scan failed',
    /it says error .* says pass/,
    fake => Object.assign(fake.scan, { state: 'failed' }),
  ],
  [
    'that pass where the scan says fail',
    /it says fail .* says pass/,
    fake => Object.assign(fake.scan, { verdict: 'fail' }),
  ],
  ['with another exit code', /it says pass .*exit 3/, fake => Object.assign(fake.scan, { exitCode: 3 })],
  ['of another run', /of scan /, fake => Object.assign(fake.scan, { runId: 'other' })],
])('reports %s', (_, message, worsen) => expectRefused(message, worsen));

async function expectRefused(message: RegExp, worsen: (fake: FakeService) => unknown): Promise<void> {
  worsen(asking.service);
  const found = await asking.ask();
  expect(failureOf(found)).toMatchObject({
    code: 'SERVICE_ANSWER',
    exit: 4,
    message: expect.stringMatching(message),
  });
  expect(found.verdict).toMatchObject({ verdict: 'error', exitCode: 4 });
}

test.each<[string, RegExp, Partial<ServerRequest['ask']>]>([
  ['another profile', /lacks profile other@1.0.0/, { profile: ['other@1.0.0'] }],
  ['a target of another namespace', /is in none of its namespaces/, { namespace: ['bank'] }],
])('the result for %s', async (_, message, changes) => {
  const profile = passed().profiles.map(({ source }) => source);
  const found = await asking.ask({ ask: { namespace: ['shop'], targets: ['deployment/web'], profile, ...changes } });
  expect(failureOf(found)).toMatchObject({ code: 'SERVICE_ANSWER', message: expect.stringMatching(message) });
});

test('a redirect: the key goes nowhere else', async () => {
  await using other = await FakeService.open();
  const location = `${other.url}/api/v1/scans`;
  asking.service.on('submit', (_, response) => response.writeHead(307, { location }).end());
  expect(failureOf(await asking.ask())).toMatchObject({
    code: 'SERVICE_ANSWER',
    message: expect.stringContaining('redirects are not followed'),
  });
  expect(other.asked).toEqual([]);
});

test('texts of it are cleaned before they are shown', async () => {
  for (const text of hostileTexts) {
    asking.service.on('submit', (_, response) => refuse(response, 403, { code: 'SERVICE_FORBIDDEN', detail: text }));
    expect(failureOf(await asking.ask())?.message).not.toMatch(/[\p{Cc}\u2028]/u);
    expect(readFileSync(join(asking.root, 'out/console.txt'), 'utf8')).not.toMatch(/^(?:::|##\[|##vso)/m);
  }
  asking.service.on('submit', (_, response) => send(response, 202, { id: scanId, joined: false }));
  const short = hostileTexts.filter(text => text.length < 500_000); // what is longer ends the run
  asking.service.events = short.map(text => ({ event: 'notice', data: { text } }));
  await asking.ask();
  expect(asking.notices.length).toBeGreaterThan(short.length);
  for (const notice of asking.notices) expect(notice).not.toMatch(/[\p{Cc}\u2028]|^(?:::|##\[|##vso)/u);
});
