// SPDX-License-Identifier: Apache-2.0
// A service of many processes on one PostgreSQL server, of which one is killed every few seconds, in any role.
// CINC_SCAN_REPLICA_SCANS says how many scans; the usual number is what fits into a run of all tests.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../packages/service/src/testing/postgres.ts';
import { profiles, root } from '../support/cinc-scan.ts';
import { leftObjects, openTestCluster } from '../support/cluster.ts';
import { Client, filesOf, type RunningProcess, type Scan, startProcess } from './support.ts';

const scans = Number(process.env['CINC_SCAN_REPLICA_SCANS'] ?? 15);
const killEveryMs = 4000;

const cluster = await openTestCluster();
let postgres: PostgresServer;
let database = '';
let namespace = '';
let ports: number[] = [];

/** What runs, and how it is started again. */
const fleet = new Map<string, RunningProcess>();
const starts = new Map<string, () => Promise<RunningProcess>>();

async function start(name: string): Promise<void> {
  const process = await starts.get(name)?.();
  if (process !== undefined) fleet.set(name, process);
}

const service =
  (...args: string[]) =>
  () => {
    const data = join(cluster.folder, 'data');
    const all = ['run', '--data', data, '--heartbeat', '10', ...args];
    return startProcess(cluster, all, { data: 'data', env: { CINC_SCAN_DATABASE: database } });
  };

const urlOf = (index: number) => `http://127.0.0.1:${ports[index % ports.length]}`;

/** Asks one interface after the other until one answers: any of them may be away. */
async function persist<T>(ask: (url: string) => Promise<T>): Promise<T> {
  for (let index = 0; ; index += 1) {
    try {
      return await ask(urlOf(index));
    } catch (error) {
      if (index > 200) throw error;
      await pause(250);
    }
  }
}

let keys: { operator: string; shop: string; runner: string };

/** One that nobody has: a process that was killed comes back on its own. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  ports = [await freePort(), await freePort()];
  postgres = await startPostgres();
  database = await postgres.makeDatabase();
  const program = join(root, 'packages/service/bin/cinc-scan-service.js');
  const env = { PATH: process.env['PATH'], HOME: cluster.folder, CINC_SCAN_DATABASE: database };
  expect(spawnSync(process.execPath, [program, 'migrate'], { env, encoding: 'utf8' })).toMatchObject({ status: 0 });
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  for (const [index, port] of ports.entries())
    starts.set(`api-${index}`, service('--role', 'api', '--port', String(port)));
  await start('api-0');
  const operator = new Client(urlOf(0), fleet.get('api-0')?.key ?? '');
  keys = { operator: operator.key, ...(await furnish(operator)) };
  for (const name of ['a', 'b']) {
    starts.set(`worker-${name}`, service('--role', 'worker'));
    starts.set(`scheduler-${name}`, service('--role', 'scheduler'));
  }
  const runner = ['runner', '--server', urlOf(1), '--credentials', join(cluster.folder, 'data/credentials')];
  starts.set('runner', () =>
    startProcess(cluster, runner, { data: 'data', env: { CINC_SCAN_RUNNER_KEY: keys.runner } }),
  );
  for (const name of starts.keys()) if (!fleet.has(name)) await start(name);
});

async function furnish(operator: Client): Promise<{ shop: string; runner: string }> {
  const { key } = await operator.call<{ key: string }>('POST', '/teams', { name: 'shop', title: 'Shop', days: 1 });
  for (const region of [undefined, 'far']) {
    const name = region ?? 'east';
    await operator.call('POST', '/clusters', { name, credential: 'east', mostRuns: 2, ...(region && { region }) });
    await operator.call('PUT', `/clusters/${name}/teams/shop`, { namespaces: [namespace] });
  }
  const runnerKey = { name: 'far', role: 'runner', regions: ['far'], days: 1 };
  const { key: runner } = await operator.call<{ key: string }>('POST', '/platform/keys', runnerKey);
  const shop = new Client(operator.url, key);
  await shop.call('POST', '/profiles', { name: 'first-look', version: '1.0.0', files: filesOf(profiles.firstLook) });
  await shop.call('POST', '/profiles/first-look/1.0.0/approve');
  return { shop: key, runner };
}

afterAll(async () => {
  for (const running of fleet.values()) await running.stop();
  await postgres[Symbol.asyncDispose]();
  await cluster.expectNothingLeft();
  await cluster.close();
});

/** Kills one process after the other, and starts each again, until it is told to stop. Gives how many. */
async function killing(signal: AbortSignal): Promise<number> {
  let killed = 0;
  for (;;) {
    await pause(killEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return killed;
    const names = [...fleet.keys()];
    const name = names[Math.floor(Math.random() * names.length)] ?? '';
    await fleet.get(name)?.stop('SIGKILL');
    await start(name);
    killed += 1;
  }
}

/** The same number is the same scan, however often it is asked for. */
function submit(n: number): Promise<string> {
  const ask = {
    cluster: n % 3 === 0 ? 'far' : 'east',
    namespace: [namespace],
    targets: ['pod/web'],
    profile: ['first-look'],
    deadline: `${600 + n}s`, // so that no two are one question
  };
  return persist(async url => {
    const headers = { 'idempotency-key': `scan-${n}` };
    return (await new Client(url, keys.shop, headers).call<{ id: string }>('POST', '/scans', ask)).id;
  });
}

async function untilOver(id: string): Promise<Scan> {
  for (;;) {
    const scan = await persist(url => new Client(url, keys.shop).call<Scan>('GET', `/scans/${id}`));
    if (!['queued', 'running'].includes(scan.state)) return scan;
    await pause(500);
  }
}

interface AuditPage {
  items: { action: string; object: string }[];
  next: string | null;
}

async function auditEntries(): Promise<AuditPage['items']> {
  const found: AuditPage['items'] = [];
  for (let after: string | null = ''; after !== null; ) {
    const query: string = after === '' ? '' : `&after=${after}`;
    const page: AuditPage = await persist(url =>
      new Client(url, keys.operator).call<AuditPage>('GET', `/audit?limit=100${query}`),
    );
    found.push(...page.items);
    after = page.next;
  }
  return found;
}

test('loses no scan and doubles none while its processes are killed', async () => {
  const stopping = new AbortController();
  const killer = killing(stopping.signal);
  const ids: string[] = [];
  for (let n = 0; n < scans; n += 1) {
    const id = await submit(n);
    if (n % 3 === 0) expect(await submit(n)).toBe(id);
    ids.push(id);
  }
  expect(new Set(ids).size).toBe(scans);
  const ended = await Promise.all(ids.map(untilOver));
  stopping.abort();
  expect(await killer).toBeGreaterThan(0);

  // Without a verdict is only one whose processes were killed each time.
  const odd = ended.filter(({ state, error }) => state !== 'done' && error?.code !== 'RUN_LOST');
  expect(odd).toEqual([]);
  const done = ended.filter(({ state }) => state === 'done');
  expect(done.length).toBeGreaterThan(scans / 2);
  // By workers, and by the runner of the region.
  expect(new Set(done.map(({ ask }) => ask.cluster))).toEqual(new Set(['east', 'far']));
  expect(new Set(done.map(({ verdict, exitCode, counts }) => JSON.stringify([verdict, exitCode, counts]))).size).toBe(
    1,
  );

  const finals = (await auditEntries()).filter(({ action }) =>
    /^scan\.(?:done|failed|cancelled|expired|lost)$/.test(action),
  );
  for (const id of ids) expect(finals.filter(({ object }) => object === id)).toHaveLength(1);
  for (const { id } of done) {
    const { items } = await persist(url =>
      new Client(url, keys.shop).call<{ items: { kind: string }[] }>('GET', `/scans/${id}/reports`),
    );
    expect(items.filter(({ kind }) => kind === 'scan')).toHaveLength(1);
  }
  expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
}, 3_000_000);
