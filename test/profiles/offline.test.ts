// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, program, root } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { serverOf } from '../support/kubeconfig.ts';
import { type ProfileServer, startProfileServer } from '../support/profile-server.ts';
import { controlText, emptyCache, makeRepository, profileFiles, tarOfFolder, writeFiles } from '../support/profiles.ts';
import { expectRefused } from '../support/refusal.ts';

const cluster = await openTestCluster();

let namespace = '';
let server: ProfileServer;
let cache = '';
let sources: string[] = [];

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  server = await startProfileServer(folderWith(cluster, {}));
  cache = emptyCache(cluster.folder);
  makeRepository(join(server.repositories, 'base'), profileFiles({ name: 'base' }));
  const metadata = `depends:\n  - {name: base, git: "${server.origin}/git/base", branch: main}\n`;
  const controls = `include_controls 'base'\n${controlText('over-1')}`;
  makeRepository(join(server.repositories, 'over'), profileFiles({ name: 'over', metadata, controls }));
  const packed = tarOfFolder(writeFiles(mkdtempSync(join(cluster.folder, 'p-')), profileFiles({ name: 'packed' })));
  server.files.set('/packed.tar.gz', packed);
  const digest = createHash('sha256').update(packed).digest('hex');
  sources = [`git+${server.origin}/git/over#ref=v1`, `${server.origin}/packed.tar.gz#sha256=${digest}`];
});
afterEach(() => cluster.expectNothingLeft());
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await cluster.close();
});

const environment = () => ({ ...server.environment, CINC_SCAN_CACHE: cache });
const scanArgs = (...more: string[]) => [
  'scan',
  'web',
  '-n',
  namespace,
  '-q',
  ...sources.flatMap(source => ['-p', source]),
  ...more,
];

describe('offline', () => {
  test('what was never fetched is an error, before anything is made', async () => {
    const ran = await cincScan(cluster, scanArgs('--offline'), { env: environment() });
    expectRefused(ran, {
      code: 'PROFILE_OFFLINE',
      exit: 2,
      message: /never fetched on this machine/,
      remedy: /vendor/,
    });
    expect(server.requests).toEqual([]);
  });

  test('a scan connects to the API server and to nothing else, as the kernel sees it', async () => {
    expect((await cincScan(cluster, scanArgs(), { env: environment() })).code).toBe(0);
    server.requests.length = 0;
    const trace = join(cluster.folder, 'trace');
    const folder = folderWith(cluster, {});
    // Everything that the command starts is followed: the engine, git, whatever else.
    const traced = 'trace=connect,sendto,sendmsg,sendmmsg,bind';
    const ran = await run('strace', ['-f', '-qq', '-e', traced, '-o', trace, ...program, ...scanArgs('--offline')], {
      cwd: folder,
      env: { KUBECONFIG: cluster.kubeconfigPath },
    });
    expect(ran).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(folder, 'cinc-scan-results/outputs.json'), 'utf8'))).toMatchObject({
      verdict: 'pass',
    });
    const addresses = readFileSync(trace, 'utf8').match(/sin6?_port=htons\(\d+\)[^}]*"[^"]+"/g) ?? [];
    const api = serverOf(cluster.kubeconfig);
    expect(addresses.length).toBeGreaterThan(0);
    const elsewhere = addresses.filter(
      text => !text.includes(`htons(${api.port})`) || !text.includes(`"${api.hostname}"`),
    );
    expect(elsewhere).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  test('profiles are read where there is no network at all', async () => {
    const inspect = (...args: string[]) =>
      run('unshare', ['--net', ...program, 'profile', 'inspect', '--json', ...args]);
    for (const source of sources) expect(await inspect('--offline', source)).toMatchObject({ code: 0 });
    expect(await inspect(sources[0] ?? '')).toEqual({
      code: 5,
      stderr: expect.stringMatching(/^cinc-scan: PROFILE_UNREACHABLE/m),
    });
  });

  test('nothing is sent anywhere, and the engine is not installed', async () => {
    server.requests.length = 0;
    const push = await cincScan(cluster, scanArgs('--offline', '--push', 'webhook=https://hooks.example.org/x'), {
      env: { ...environment(), CINC_SCAN_WEBHOOK_SECRET: 'a-secret-for-webhooks' },
    });
    expectRefused(push, { code: 'INPUT_INVALID', exit: 2, message: /offline: results cannot be sent/, remedy: /\S/ });
    const bare = folderWith(cluster, {});
    const env = { ...environment(), CINC_SCAN_CACHE: bare };
    const args = ['profile', 'check', join(root, 'examples/profiles/first-look'), '--offline', '--engine', 'gems'];
    const ran = await cincScan(cluster, args, { env });
    const address = [
      '--engine-url',
      `${server.origin}/cinc-auditor_7.2.1-1_amd64.deb`,
      '--engine-sha256',
      'a'.repeat(64),
    ];
    const download = await cincScan(cluster, [...args.slice(0, -1), 'download', ...address], { env });
    for (const { stderr, code } of [ran, download]) {
      expect(stderr).toMatch(/^cinc-scan: ENGINE_MISSING .*nothing may be fetched/m);
      expect(code).toBe(5);
    }
    expect(server.requests).toEqual([]);
  });
});

/** Not synchronously: the API server that is asked lives in this process. */
function run(
  command: string,
  args: string[],
  { cwd = cluster.folder, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
) {
  return new Promise<{ code: number | string | undefined; stderr: string }>(resolve => {
    execFile(command, args, { cwd, env: { ...base(), ...env } }, (error, _stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? undefined), stderr }),
    );
  });
}

const base = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: cluster.folder,
  TMPDIR: cluster.folder,
  ...environment(),
});
