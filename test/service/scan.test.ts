// SPDX-License-Identifier: Apache-2.0
// The service as it is shipped, with real scans in a real cluster.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireRun } from '@cinc-scan/core';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findingsOfRun } from '../../packages/service/src/findings/of-run.ts';
import { renderRunFindings } from '../../packages/service/src/findings/run-findings.ts';
import { Victim } from '../jail/victim.ts';
import { cincScan, profiles, root } from '../support/cinc-scan.ts';
import { leftObjects, openTestCluster } from '../support/cluster.ts';
import { secretsOf } from '../support/secrets-found.ts';
import { openShop } from './shop.ts';
import { type Client, filesOf, type RunningService, type Scan, startService } from './support.ts';

const cluster = await openTestCluster();
const program = join(root, 'packages/service/bin/cinc-scan-service.js');
let namespace = '';
let service: RunningService;
let shop: Client;
let keys: string[] = [];
const logs: string[] = [];

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  service = await startService(cluster, 'data');
  shop = await openShop(service, namespace);
  keys = [service.key ?? '', shop.key];
});
afterAll(async () => {
  await service.stop();
  await cluster.expectNothingLeft();
  await cluster.close();
});

const submit = async (ask: Record<string, unknown>): Promise<string> =>
  (
    await shop.call<{ id: string }>('POST', '/scans', {
      namespace: [namespace],
      targets: ['pod/web'],
      profile: ['first-look'],
      ...ask,
    })
  ).id;

interface Hdf {
  profiles: { controls: { id: string; results: { status: string }[] }[] }[];
}
const statusesIn = (text: string) =>
  (JSON.parse(text) as Hdf).profiles.flatMap(({ controls }) =>
    controls.map(({ id, results }) => [id, results.map(({ status }) => status)]),
  );

test('gives the verdict of the command, control by control, with every report', async () => {
  const scan = await shop.finished(await submit({}));
  const local = await cincScan(cluster, [
    'scan',
    'pod/web',
    '-n',
    namespace,
    '-p',
    profiles.firstLook,
    '--report',
    'hdf',
  ]);
  expect(scan).toMatchObject({ state: 'done', exitCode: local.code, attempt: 1, error: null, isolation: 'full' });
  expect(scan.verdict).toBe(local.code === 0 ? 'pass' : 'fail');
  const { text } = await shop.send('GET', `/scans/${scan.id}/results?format=hdf`);
  const folder = join(local.cwd, 'cinc-scan-results');
  const file = readdirSync(folder).find(name => name.startsWith(namespace) && name.endsWith('.json'));
  expect(statusesIn(text)).toEqual(statusesIn(readFileSync(join(folder, file ?? ''), 'utf8')));
  const { items } = await shop.call<{ items: { kind: string }[] }>('GET', `/scans/${scan.id}/reports`);
  expect(items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['scan', 'html', 'sarif', 'junit', 'outputs']));
  expect((await shop.send('GET', `/scans/${scan.id}/results?format=html`)).text).toContain('<!doctype html>');
  const events = await shop.send('GET', `/scans/${scan.id}/events`);
  for (const stage of ['prepare', 'plan', 'grant', 'audit', 'revoke', 'report'])
    expect(events.text).toContain(`"stage":"${stage}"`);
});

test('keeps what it found as findings, which are those of its results', async () => {
  const control = (id: string, path: string) =>
    `control '${id}' do\n  impact 0.7\n  describe file('${path}') do\n    it { should exist }\n  end\nend\n`;
  const files = [
    { path: 'inspec.yml', content: 'name: not-so-called\nversion: 1.0.0\n' },
    { path: 'controls/all.rb', content: control('there', '/etc/passwd') + control('gone', '/etc/no-such-file') },
  ];
  await shop.call('POST', '/profiles', { name: 'mixed', version: '1.0.0', files });
  await shop.call('POST', '/profiles/mixed/1.0.0/approve');
  const scan = await shop.finished(await submit({ profile: ['mixed'] }));
  const { items } = await shop.call<{ items: Finding[] }>('GET', '/findings?profile=mixed&workload=pod/web&limit=200');
  const failed = (await failedIn(scan.id)).toSorted();
  expect(failed).toEqual(['gone']);
  expect(items.map(({ rule }) => rule).toSorted()).toEqual(failed);
  expect(new Set(items.map(({ cluster: of, namespace: where }) => `${of}/${where}`))).toEqual(
    new Set([`east/${namespace}`]),
  );
  // Made again from what is kept, they are the same.
  const folder = join(cluster.folder, 'kept-run');
  mkdirSync(folder);
  const reports = await shop.call<{ items: { kind: string; file: string }[] }>('GET', `/scans/${scan.id}/reports`);
  for (const { kind, file } of reports.items.filter(each => each.kind === 'scan' || each.kind === 'hdf'))
    writeFileSync(
      join(folder, file),
      (await shop.send('GET', `/scans/${scan.id}/results?format=${kind}&file=${encodeURIComponent(file)}`)).text,
    );
  const kept = (await shop.send('GET', `/scans/${scan.id}/results?format=findings`)).text;
  const again = findingsOfRun(requireRun(folder), { cluster: 'east', profiles: ['mixed'] });
  expect(JSON.parse(kept)).toEqual(JSON.parse(renderRunFindings(again)));
});

interface Finding {
  rule: string;
  cluster: string;
  namespace: string;
}

/** Controls that failed, as the result has them. */
async function failedIn(id: string): Promise<string[]> {
  const { text } = await shop.send('GET', `/scans/${id}/results?format=hdf`);
  return statusesIn(text).flatMap(([control, statuses]) =>
    Array.isArray(statuses) && statuses.includes('failed') ? [String(control)] : [],
  );
}

test('keeps the checklist of a profile that was made from a STIG, and no other has one', async () => {
  const tags = "tag gid: 'V-1'\n  tag rid: 'SV-1r1_rule'\n  tag stig_id: 'X-1'";
  const controls = `control 'V-1' do\n  impact 0.5\n  title 'There are accounts'\n  ${tags}\n  describe file('/etc/passwd') do\n    it { should exist }\n  end\nend\n`;
  const files = [
    { path: 'inspec.yml', content: 'name: stig\nversion: 1.0.0\n' },
    { path: 'controls/one.rb', content: controls },
  ];
  await shop.call('POST', '/profiles', { name: 'stig', version: '1.0.0', files });
  await shop.call('POST', '/profiles/stig/1.0.0/approve');
  const { id } = await shop.finished(await submit({ profile: ['stig'] }));
  const checklist = await shop.send('GET', `/scans/${id}/results?format=ckl`);
  expect(checklist.text).toContain('<STATUS>NotAFinding</STATUS>');
  const other = await shop.finished(await submit({ threshold: 'half' }));
  expect((await shop.send('GET', `/scans/${other.id}/results?format=ckl`)).status).toBe(404);
});

test('takes the threshold that was registered', async () => {
  expect(await shop.finished(await submit({ threshold: 'half' }))).toMatchObject({
    state: 'done',
    verdict: 'pass',
    exitCode: 0,
  });
});

test('calls it failed, and no verdict, where something could not be looked at', async () => {
  const scan = await shop.finished(await submit({ targets: ['pod/gone'] }));
  expect(scan).toMatchObject({
    state: 'failed',
    verdict: null,
    exitCode: 4,
    error: { code: 'TARGET_NOT_FOUND' },
    attempt: 1,
  });
});

describe('what ends a scan early', () => {
  const processes = (): number[] =>
    spawnSync('pgrep', ['-P', String(service.child.pid), '-f', 'scan-process'], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter(Boolean)
      .map(Number);

  /** Once its identity exists. */
  async function running(id: string): Promise<void> {
    for (;;) {
      const { state } = await shop.call<Scan>('GET', `/scans/${id}`);
      if (state === 'running' && (await leftObjects(cluster.api, [namespace])).length > 0) return;
      if (state !== 'queued' && state !== 'running') throw new Error(`it is ${state}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  test('a cancellation takes back what the scan has made', async () => {
    const id = await submit({ profile: ['slow'] });
    await running(id);
    await shop.call('POST', `/scans/${id}/cancel`);
    expect(await shop.finished(id)).toMatchObject({ state: 'cancelled', verdict: null });
    expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
  });

  test('the death of the process that scans costs an attempt, and what that made is taken back by the next', async () => {
    const id = await submit({ profile: ['slow'], controls: ['step 1', 'step 2', 'step 3'] });
    await running(id);
    for (const pid of processes()) process.kill(pid, 'SIGKILL');
    const scan = await shop.finished(id);
    expect(scan).toMatchObject({ state: 'done', attempt: 2 });
    expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
  });

  test('the death of the service does not: it goes on with the scan when it is there again', async () => {
    const id = await submit({ profile: ['slow'], controls: ['step 1', 'step 2', 'step 3', 'step 4'] });
    const waiting = await submit({ targets: ['pod/gone'] });
    await running(id);
    await service.stop('SIGKILL');
    logs.push(service.output());
    service = await startService(cluster, 'data');
    shop.url = service.url;
    expect(service.key).toBeUndefined();
    expect(await shop.finished(id)).toMatchObject({ state: 'done', attempt: 2 });
    expect(await shop.finished(waiting)).toMatchObject({ state: 'failed', error: { code: 'TARGET_NOT_FOUND' } });
    expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
  });
});

test.each([[['run', '--no-such-option']], [['run', '--log-level', 'loud']], [['frobnicate']], [['migrate']]])(
  'takes %j for wrong usage',
  args => {
    const ran = spawnSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: cluster.folder },
    });
    expect([ran.status, ran.stderr]).toEqual([2, expect.stringMatching(/^error: |names no database/)]);
  },
);

/** The process that scans for the team: it has the cluster's credential in memory. */
const scanProcess = () =>
  Number(
    execFileSync('ps', ['--ppid', String(service.child.pid), '-o', 'pid,args', '--no-headers'], { encoding: 'utf8' })
      .split('\n')
      .find(line => line.includes('scan-process'))
      ?.trim()
      .split(' ')[0],
  );

test('lets no profile reach its credentials, its processes, its files and its address', async () => {
  const escapes = join(root, 'test/fixtures/profiles/escapes');
  await shop.call('POST', '/profiles', { name: 'escapes', version: '1.0.0', files: filesOf(escapes) });
  await shop.call('POST', '/profiles/escapes/1.0.0/approve');
  using victim = await Victim.start(mkdtempSync(join(cluster.folder, 'v-')), 0);
  const credential = join(cluster.folder, 'data/credentials/east');
  const known = {
    ...victim.known,
    kubeconfig: credential,
    secret: credential,
    home: join(cluster.folder, 'data'),
    victim: scanProcess(),
    api_port: new URL(service.url).port,
  };
  const input = Object.entries(known).map(([name, value]) => `${name}=${value}`);
  const { id, isolation } = await shop.finished(await submit({ profile: ['escapes'], input }));
  const { text } = await shop.send('GET', `/scans/${id}/results?format=hdf`);
  const open = statusesIn(text).filter(([, statuses]) => String(statuses) !== 'passed');
  expect({ isolation, open, visits: victim.visits }).toEqual({ isolation: 'full', open: [], visits: [] });
  expect(statusesIn(text).length).toBeGreaterThan(120);
});

/** A machine whose kernel gives no jail. */
const withoutJail = ['ruby', join(root, 'test/jail/without.rb'), 'seccomp', process.execPath, program] as const;

test('does not start where profiles cannot be kept apart from it, unless it is told to', async () => {
  const data = join(cluster.folder, 'other');
  const [command, ...args] = [...withoutJail, 'run', '--data', data, '--port', '0', '--role', 'worker', 'api'];
  const options = { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: cluster.folder } } as const;
  const refused = spawnSync(command, args, options);
  expect([refused.status, refused.stderr]).toEqual([
    2,
    expect.stringMatching(/SERVICE_UNISOLATED: .*does not keep .*network/),
  ]);
  expect(existsSync(data)).toBe(false);
  const [other, ...rest] = [...withoutJail, 'run', '--data', data, '--port', '0', '--role', 'api'];
  const apart = spawn(other, rest, options);
  await once(apart.stdout, 'data'); // who runs no profile needs no jail
  apart.kill();
  await once(apart, 'close');
});

test('keeps its data folder to itself', () => {
  const args = [program, 'run', '--data', join(cluster.folder, 'data'), '--port', '0'];
  const second = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: cluster.folder },
  });
  expect([second.status, second.stderr]).toEqual([2, expect.stringContaining('SERVICE_IN_USE')]);
});

test('keeps no key and no token in clear: not in its folder, not in its log, in no argument of a process', () => {
  const tokens = cluster.embedded?.issuedTokens() ?? secretsOf(cluster.kubeconfig);
  logs.push(service.output());
  const secrets = [
    ...keys.map(key => key.slice(-32)),
    ...tokens.flatMap(token => token.split('\n').map(line => line.slice(-40))),
  ].filter(secret => secret.length > 20);
  expect(secrets.length).toBeGreaterThan(keys.length);
  const log = logs.join('').replaceAll(/^Key of the first operator.*$/gm, '');
  const processes = execFileSync('ps', ['axeww', '-o', 'args'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  for (const secret of secrets) {
    expect(log.includes(secret)).toBe(false);
    expect(processes.includes(secret)).toBe(false);
    const found = spawnSync('grep', ['-rlaF', '-e', secret, join(cluster.folder, 'data')], { encoding: 'utf8' }).stdout;
    expect(found.split('\n').filter(path => path !== '' && !path.includes('/credentials/'))).toEqual([]);
  }
});
