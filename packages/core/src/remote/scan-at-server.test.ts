// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ScanError } from '../errors/index.ts';
import { parseReportSpec } from '../report/index.ts';
import { sampleModel, sampleUnreached } from '../report/testing/sample-model.ts';
import { scenarios } from '../report/testing/scenarios.ts';
import { writeReports } from '../results/index.ts';
import type { PendingScan } from './submission.ts';
import { Asking, askedKinds, failureOf, patience } from './testing/asking.ts';
import { page, refuse, scanId, send } from './testing/fake-service.ts';

let asking: Asking;
beforeEach(async () => {
  asking = await Asking.open();
});
afterEach(() => asking[Symbol.asyncDispose]());

const read = (folder: string, name: string) => readFileSync(join(asking.root, folder, name), 'utf8');
const small = scenarios.filter(({ name }) => name !== '20,000 results');

test.each(small)('$name: the verdict and every report are those of the run', async ({ model: make }) => {
  const model = make();
  await asking.keep(model);
  const found = await asking.ask({}, { model });
  const { verdict, reason, exit, exitCode } = model.verdict;
  expect(found.verdict).toMatchObject({ verdict, reason, exit, exitCode });
  const place = { outputDir: 'local/out', workspace: asking.root, stdout: () => undefined };
  mkdirSync(join(asking.root, 'local'));
  await writeReports(model, askedKinds.map(parseReportSpec), place);
  const names = readdirSync(join(asking.root, 'local/out'));
  const expected = [...names, 'outputs.json', 'scan.json'].toSorted();
  expect(readdirSync(join(asking.root, 'out')).toSorted()).toEqual(expected);
  const changed = names.filter(name => read('out', name) !== read('local/out', name));
  expect(changed).toEqual([]);
  expect(asking.told.at(-1)).toMatchObject({ event: 'verdict', exitCode });
});

describe('a scan that ends without a verdict', () => {
  test.each([
    { state: 'expired', code: 'RUN_EXPIRED', exit: 4 },
    { state: 'failed', code: 'RUN_LOST', exit: 4 },
    { state: 'failed', code: 'ENGINE_MISSING', exit: 5 },
    { state: 'failed', code: 'CLUSTER_FORBIDDEN', exit: 4 },
  ] as const)('$state with $code ends with $exit', async ({ state, code, exit }) => {
    const error = { code, message: 'so it is', remedy: 'Do otherwise.' };
    asking.service.scan = { ...asking.service.scan, state, verdict: null, error };
    const found = await asking.ask();
    expect(found.verdict).toMatchObject({ verdict: 'error', reason: code, exitCode: exit });
    expect(failureOf(found)).toMatchObject({ message: 'so it is', remedy: 'Do otherwise.' });
  });

  test.each([
    [422, 'PROFILE_UNAPPROVED'],
    [409, 'SERVICE_CONFLICT'],
  ])('for a mistake in the request (%i %s) is thrown, as here', async (status, code) => {
    asking.service.on('submit', (_, response) => refuse(response, status, { code, detail: 'it is wrong' }));
    await expect(asking.ask()).rejects.toMatchObject({ code, exit: 2 });
  });

  test('because its key ended meanwhile says so', async () => {
    const detail = 'The key has expired';
    asking.service.on('scan', (_, response) => refuse(response, 401, { code: 'SERVICE_KEY_INVALID', detail }));
    const found = await asking.ask();
    expect(failureOf(found)).toMatchObject({ code: 'SERVICE_KEY_INVALID', message: expect.stringContaining(detail) });
  });

  test('leaves a run with all that was asked for unreached, and every report of it', async () => {
    const error = { code: 'RUN_LOST', message: 'm', remedy: 'r' };
    asking.service.scan = { ...asking.service.scan, state: 'failed', error };
    const { model } = await asking.ask({ runId: 'build-7' }, { model: sampleModel([sampleUnreached()]) });
    expect(model.run.id).toBe('build-7');
    expect(model.verdict.judged.map(({ outcome }) => outcome.target)).toEqual([
      { cluster: expect.stringMatching(/^127\.0\.0\.1:/), namespace: 'shop', selector: 'deployment/web' },
    ]);
    const files = readdirSync(join(asking.root, 'out'));
    expect(files).toEqual(expect.arrayContaining(['junit.xml', 'summary.md', 'outputs.json', 'scan.json']));
  });
});

describe('the queue', () => {
  test('says how many scans are before this one', async () => {
    await asking.keep();
    const { service } = asking;
    const { state } = service.scan;
    let looked = 0;
    service.on('scan', (_, response) => {
      looked += 1;
      const waits = { state: 'queued', verdict: null, position: 4 - looked };
      send(response, 200, { ...service.scan, ...(looked < 4 ? waits : { state }) });
    });
    service.on('events', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(': waiting\n\n: waiting\n\nevent: end\ndata: {}\n\n');
    });
    expect((await asking.ask()).verdict.verdict).toBe('pass');
    expect(asking.notices.filter(text => text.includes('before this one'))).toEqual([
      '3 scans are before this one',
      '2 scans are before this one',
      '1 scan is before this one',
    ]);
  });

  test('holds a scan that somebody else asked for: this run waits for it, and asks anew when they cancel it', async () => {
    await asking.keep();
    const { service } = asking;
    const { state } = service.scan;
    service.on('submit', (_, response, body) => {
      const isFirst = service.times('POST /api/v1/scans') === 1;
      service.scan.ask = JSON.parse(body) as Record<string, unknown>;
      service.scan.state = isFirst ? 'cancelled' : state;
      send(response, 202, { id: scanId, kind: isFirst ? 'waiting' : 'new', joined: isFirst, links: {} });
    });
    expect((await asking.ask()).verdict.verdict).toBe('pass');
    expect(asking.notices.join('\n')).toMatch(/somebody else asked for already[^]*Somebody else cancelled scan/);
    expect(new Set(service.headers.flatMap(headers => headers['idempotency-key'] ?? [])).size).toBe(2);
  });
});

describe('whatever ends the run before', () => {
  const interrupted = () => new ScanError('CANCELLED', 'The run was interrupted');
  let cancel: AbortController;
  beforeEach(() => {
    cancel = new AbortController();
    asking.service.scan.state = 'running';
    asking.service.on('events', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': waiting\n\n');
    });
  });

  test('ends the scan at the service, and says so', async () => {
    const asked = asking.ask({}, { signal: cancel.signal });
    await asking.heard('/events');
    cancel.abort(interrupted());
    expect((await asked).verdict).toMatchObject({ reason: 'CANCELLED', exitCode: 130 });
    expect(asking.service.times('/cancel')).toBe(1);
    expect(asking.notices.join('\n')).toContain(`Scan ${scanId} is cancelled`);
  });

  test('before the service has answered: it is asked which scan it is, and told to cancel it', async () => {
    const { service } = asking;
    service.on('submit', (_, response) => {
      if (service.times('POST /api/v1/scans') > 1)
        send(response, 202, { id: scanId, kind: 'same', joined: false, links: {} });
    });
    const asked = asking.ask({}, { signal: cancel.signal });
    await asking.heard('POST');
    cancel.abort(interrupted());
    expect((await asked).verdict.exitCode).toBe(130);
    expect(service.times('/cancel')).toBe(1);
  });

  test('takes little time, where the service does not answer', async () => {
    asking.service.on('cancel', () => undefined);
    const asked = asking.ask({}, { signal: cancel.signal });
    await asking.heard('/events');
    const before = Date.now();
    cancel.abort(interrupted());
    expect((await asked).verdict.exitCode).toBe(130);
    expect(Date.now() - before).toBeLessThan(patience.cancelMs + 1500);
    expect(asking.notices.join('\n')).toContain(`could not be told to cancel scan ${scanId}, which may go on`);
  });

  test('is the deadline, too', async () => {
    const { verdict } = await asking.ask({ deadlineMs: 200 });
    expect(verdict).toMatchObject({ reason: 'DEADLINE', exitCode: 4 });
    expect(asking.service.times('/cancel')).toBe(1);
  });

  test('takes back what this run asked for, under its own key, and says who else waits', async () => {
    const { service } = asking;
    service.on('cancel', (_, response) => send(response, 202, { state: 'running', others: 2 }));
    const { verdict } = await asking.ask({ deadlineMs: 200 });
    expect(verdict).toMatchObject({ reason: 'DEADLINE', exitCode: 4 });
    const keys = service.headers.flatMap(headers => headers['idempotency-key'] ?? []);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(asking.notices.join('\n')).toContain(`Scan ${scanId} goes on at ${service.url}: 2 others wait for it`);
  });

  test('leaves word of what was asked for before the service hears of it, and takes the word back at the end', async () => {
    const { service } = asking;
    const heard: number[] = [];
    const pending: (PendingScan | undefined)[] = [];
    const remember = (each: PendingScan | undefined) => {
      heard.push(service.times('POST /api/v1/scans'));
      pending.push(each);
    };
    await asking.ask({ deadlineMs: 200 }, { remember });
    const [first, second, last] = pending;
    expect([first?.scan, second?.scan, last]).toEqual([undefined, scanId, undefined]);
    expect(first).toMatchObject({ server: service.url, key: service.headers[0]?.['idempotency-key'] });
    expect(heard[0]).toBe(0);
    service.on('cancel', (_, response) => page(response, 404));
    pending.length = 0;
    await asking.ask({ deadlineMs: 200 }, { remember });
    expect(pending.at(-1)).toMatchObject({ scan: scanId });
  });
});
