// SPDX-License-Identifier: Apache-2.0
// A scan that is asked of a service ends as one that is done here: the service as it is shipped, the command as it is
// shipped, real containers, and all that can happen between the two.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  cincScan,
  profiles,
  type Running,
  readHdf,
  readScanJson,
  startCincScan,
  type Transcript,
} from '../support/cinc-scan.ts';
import { leftObjects, openTestCluster } from '../support/cluster.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { openShop, thresholds } from './shop.ts';
import { type Client, type RunningService, type Scan, startService } from './support.ts';

const cluster = await openTestCluster();
let namespace = '';
let service: RunningService;
let shop: Client;

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  service = await startService(cluster, 'data');
  shop = await openShop(service, namespace);
});
afterEach(async () => expect(await leftObjects(cluster.api, [namespace])).toEqual([]));
afterAll(async () => {
  await service.stop();
  await cluster.expectNothingLeft();
  await cluster.close();
});

/** Nothing of a cluster: what the command is given is the address and the key. */
const environment = (key = shop.key, env: Record<string, string> = {}) => ({
  KUBECONFIG: '/nonexistent/kubeconfig',
  CINC_SCAN_SERVER_TOKEN: key,
  ...env,
});
const scanArgs = (args: string[], url = service.url) => ['scan', '-n', namespace, '--server', url, ...args];
const there = (args: string[], env?: Record<string, string>): Promise<Transcript> =>
  cincScan(cluster, scanArgs(args), { env: environment(shop.key, env) });
const startThere = (args: string[], url?: string): Running =>
  startCincScan(cluster, scanArgs(args, url), { env: environment() });
const here = (args: string[]): Promise<Transcript> => cincScan(cluster, ['scan', '-n', namespace, ...args]);

const statusesOf = (ran: Transcript) =>
  [...readHdf(ran)].map(
    ([
      name,
      {
        profiles: [profile],
      },
    ]) => [name, profile?.controls.map(({ id, results }) => [id, results.map(({ status }) => status)])],
  );
const filesOf = ({ cwd }: Transcript) => readdirSync(join(cwd, 'cinc-scan-results')).toSorted();
const outputsOf = ({ cwd }: Transcript) =>
  JSON.parse(readFileSync(join(cwd, 'cinc-scan-results/outputs.json'), 'utf8')) as Record<string, unknown>;
/** Of a console report: without what differs from run to run. */
const table = (text: string) => text.replaceAll(/\d+(\.\d+)? s\b/g, '_ s');

const everyReport = [
  'hdf',
  'markdown',
  'junit',
  'junit-gate',
  'sarif',
  'html',
  'csv',
  'codequality',
  'hdf-annotated',
  'console',
].flatMap(kind => ['--report', kind]);

describe('control by control, file by file, the same as here', () => {
  test.each([
    ['the strictest gate', [], []],
    ['a threshold that is met', ['--threshold', 'half'], ['--threshold', 'half']],
    ['a threshold that is not met', ['--threshold', 'never@1'], ['--threshold', 'never']],
    ['one bound, and only reported', ['--fail-on', 'high', '--report-only'], ['--fail-on', 'high', '--report-only']],
    ['some controls', ['--controls', '/^account/', '--timeout', '2m'], ['--controls', '/^account/', '--timeout', '2m']],
  ])('with %s', async (_, thereArgs, hereArgs) => {
    const asked = await there(['pod/web', '-p', 'first-look@1.0.0', ...everyReport, ...thereArgs]);
    const asPath = (word: string) => (word in thresholds ? join(asked.cwd, `${word}.yml`) : word);
    for (const [name, text] of Object.entries(thresholds)) writeFileSync(asPath(name), text);
    const local = await here(['pod/web', '-p', profiles.firstLook, ...everyReport, ...hereArgs.map(asPath)]);
    expect(asked.code).toBe(local.code);
    expect(asked.stderr).toContain('Auditing');
    expect(statusesOf(asked)).toEqual(statusesOf(local));
    expect(filesOf(asked)).toEqual(filesOf(local));
    const head = (text: string) =>
      table(text.replaceAll(`${asked.cwd}/`, ''))
        .split('\n')
        .slice(0, 12);
    expect(head(asked.stdout)).toEqual(head(local.stdout));
    const same = ({ 'run-id': _id, 'duration-seconds': _seconds, ...others }: Record<string, unknown>) => others;
    expect(same(outputsOf(asked))).toEqual(same(outputsOf(local)));
  });
});

test('a target that is not there is the same error, with the same reports', async () => {
  const asked = await there(['pod/gone', '-p', 'first-look', '--report', 'junit', '--report', 'html']);
  const local = await here(['pod/gone', '-p', profiles.firstLook, '--report', 'junit', '--report', 'html']);
  expect([asked.code, local.code]).toEqual([4, 4]);
  expect(filesOf(asked)).toEqual(filesOf(local));
  expect(readScanJson(asked).targets[0]?.error?.code).toBe('TARGET_NOT_FOUND');
  expect(outputsOf(asked)).toMatchObject({ verdict: 'error', reason: 'TARGET_NOT_FOUND', 'exit-code': 4 });
});

test('a profile that cannot run is the same error', async () => {
  const asked = await there(['pod/web', '-p', 'first-look', '--controls', 'no-such-control']);
  const local = await here(['pod/web', '-p', profiles.firstLook, '--controls', 'no-such-control']);
  expect([asked.code, /cinc-scan: (\w+)/.exec(asked.stderr)?.[1]]).toEqual([
    local.code,
    /cinc-scan: (\w+)/.exec(local.stderr)?.[1],
  ]);
});

test('tells what happens as it happens, for people and for machines, and what it is called at the service', async () => {
  const text = await there(['pod/web', '-p', 'first-look', '--verbose']);
  expect(text.stderr).toMatch(/Scan [0-9a-f-]{36} at http/);
  for (const said of [
    /● Making a temporary identity/,
    /create ServiceAccount/,
    /session into .*web\/app \(exec\)/,
    /✓ .*web\/app/,
  ])
    expect(text.stderr).toMatch(said);
  const json = await there(['pod/web', '-p', 'first-look', '--log-format', 'json']);
  const lines = json.stderr
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { event: string; exitCode?: number });
  expect(lines.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['stage', 'planned', 'object', 'control', 'outcome']),
  );
  expect(lines.at(-1)).toMatchObject({ event: 'verdict', exitCode: json.code });
});

test('a report on standard output is that report', async () => {
  const ran = await there(['pod/web', '-p', 'first-look', '--report', 'junit:-', '--quiet']);
  expect(ran.stdout).toMatch(/^<\?xml/);
  expect(ran.stderr).toBe('');
});

describe('what the service does not take ends with its word', () => {
  const bank = async (): Promise<string> => {
    const operator = shop; // an administrator of the team makes keys of lower roles
    const { key } = await operator.call<{ key: string }>('POST', '/keys', { name: 'reads', role: 'viewer', days: 1 });
    return key;
  };

  test('a key that is none', async () => {
    const ran = await cincScan(cluster, scanArgs(['pod/web', '-p', 'first-look']), {
      env: environment(`cs_${'a'.repeat(8)}_${'b'.repeat(32)}`),
    });
    expect(ran.code).toBe(4);
    expect(ran.stdout).toContain('SERVICE_KEY_INVALID');
    expect(outputsOf(ran)).toMatchObject({ verdict: 'error', reason: 'SERVICE_KEY_INVALID' });
  });

  test('a key that may only read', async () => {
    const ran = await cincScan(cluster, scanArgs(['pod/web', '-p', 'first-look']), { env: environment(await bank()) });
    expect([ran.code, outputsOf(ran)['reason']]).toEqual([4, 'SERVICE_FORBIDDEN']);
  });

  test.each<[string, string[], [code: number, reason: string, said: RegExp]]>([
    ['an unknown profile', ['-p', 'unheard-of'], [4, 'SERVICE_NOT_FOUND', /no profile unheard-of/]],
    ['an unknown threshold', ['--threshold', '90'], [4, 'SERVICE_NOT_FOUND', /no threshold 90/]],
    ['a profile that nobody approved', ['-p', 'draft'], [2, 'PROFILE_UNAPPROVED', /draft/]],
    ['a cluster that the team has not', ['--cluster', 'west'], [4, 'SERVICE_NOT_FOUND', /cluster west/]],
    ['a namespace of another team', ['-n', 'kube-system'], [4, 'SERVICE_NOT_FOUND', /namespace kube-system/]],
    ['a selector that is none', ['Pod/web/x'], [2, 'INPUT_INVALID', /Pod\/web/]],
  ])('%s', async (_, args, [code, reason, said]) => {
    const profile = args.includes('-p') ? [] : ['-p', 'first-look'];
    const ran = await there(['pod/web', ...profile, ...args]);
    expect([ran.code, outputsOf(ran)['reason']]).toEqual([code, reason]);
    expect(ran.stdout + ran.stderr).toMatch(said);
  });
});

describe('the connection', () => {
  const seconds = ['--controls', '/^step [1-6]$/'];

  test('that is cut in the middle, again and again, costs no event and no verdict', async () => {
    await using proxy = await CuttingProxy.open(service.url);
    const running = startThere(['pod/web', '-p', 'slow', '--verbose', ...seconds], proxy.url);
    for (const step of [1, 3, 5]) {
      await running.line(new RegExp(`✓ step ${step}\\b`));
      proxy.cut();
    }
    const ran = await running.ended;
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/events of the scan broke off/);
    const told = [...ran.stderr.matchAll(/✓ step (\d)/g)].map(([, step]) => step);
    expect(told).toEqual(['1', '2', '3', '4', '5', '6']);
    expect((await shop.call<{ items: Scan[] }>('GET', '/scans?limit=1')).items[0]).toMatchObject({ attempt: 1 });
  });

  test('that breaks before the answer to the request makes no second scan', async () => {
    await using proxy = await CuttingProxy.open(service.url);
    const count = async () => (await shop.call<{ items: Scan[] }>('GET', '/scans?limit=200')).items.length;
    const before = await count();
    const running = startThere(['pod/web', '-p', 'first-look', '--timeout', '9m'], proxy.url);
    await until('the request at the service', async () => (await count()) > before);
    proxy.cut();
    const ran = await running.ended;
    expect(ran.code).toBe(0);
    expect(await count()).toBe(before + 1);
  });

  test('to a service that is killed and started again is made again, and the scan ends with its verdict', async () => {
    await using proxy = await CuttingProxy.open(service.url);
    const running = startThere(['pod/web', '-p', 'slow', ...seconds], proxy.url);
    await running.line(/Auditing/);
    await service.stop('SIGKILL');
    await running.line(/cannot answer now/);
    service = await startService(cluster, 'data');
    shop.url = service.url;
    proxy.leadTo(service.url);
    const ran = await running.ended;
    expect(ran.code).toBe(0);
    expect(outputsOf(ran)).toMatchObject({ verdict: 'pass' });
  });

  test('that never comes back is an error at the deadline, and no pass', async () => {
    await using proxy = await CuttingProxy.open(service.url);
    const running = startThere(['pod/web', '-p', 'slow', '--deadline', '20s', ...seconds], proxy.url);
    await running.line(/Auditing/);
    proxy.isClosed = true;
    proxy.cut();
    const ran = await running.ended;
    expect([ran.code, outputsOf(ran)['reason']]).toEqual([4, 'DEADLINE']);
    expect(ran.stderr).toMatch(/could not be told to cancel/);
  });
});

describe('cancelled', () => {
  test.each([
    ['SIGINT', 130, 'CANCELLED'],
    ['SIGTERM', 143, 'TERMINATED'],
  ] as const)('by %s it cancels the scan, says so, and ends in seconds', async (signal, code, reason) => {
    const running = startThere(['pod/web', '-p', 'slow']);
    const line = await running.line(/Scan [0-9a-f-]{36} at/);
    const [id = ''] = /[0-9a-f-]{36}/.exec(line) ?? [];
    await running.line(/Auditing/);
    const before = Date.now();
    running.child.kill(signal);
    const ran = await running.ended;
    expect(Date.now() - before).toBeLessThan(7000);
    expect([ran.code, outputsOf(ran)['reason']]).toEqual([code, reason]);
    expect(ran.stderr).toContain('telling the scan service first');
    expect(ran.stderr).toContain(`Scan ${id} is cancelled`);
    expect(await shop.finished(id)).toMatchObject({ state: 'cancelled' });
  });

  test('by somebody at the service it is an error', async () => {
    const running = startThere(['pod/web', '-p', 'slow']);
    const [id = ''] = /[0-9a-f-]{36}/.exec(await running.line(/Scan [0-9a-f-]{36} at/)) ?? [];
    await running.line(/Auditing/);
    await shop.call('POST', `/scans/${id}/cancel`);
    const ran = await running.ended;
    expect([ran.code, outputsOf(ran)['reason']]).toEqual([130, 'CANCELLED']);
  });
});

test('the key is in no file, no line and no argument', async () => {
  const ran = await there(['pod/web', '-p', 'first-look', '--debug', ...everyReport]);
  const secret = shop.key.slice(-32);
  for (const name of filesOf(ran))
    expect(readFileSync(join(ran.cwd, 'cinc-scan-results', name), 'utf8')).not.toContain(secret);
  expect(ran.stdout + ran.stderr).not.toContain(secret);
  const refused = await cincScan(cluster, [...scanArgs(['pod/web', '-p', 'first-look']), '--server-token', shop.key], {
    env: { KUBECONFIG: '/nonexistent' },
  });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('CINC_SCAN_SERVER_TOKEN');
});
