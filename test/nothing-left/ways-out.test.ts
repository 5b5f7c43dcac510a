// SPDX-License-Identifier: Apache-2.0
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { CORE_SCHEMA, dump, load } from 'js-yaml';
import { cincScan, profiles, program, readScanJson, startCincScan, startProgram } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';

interface Kubeconfig {
  users: unknown;
  contexts: { name: string; context: object }[];
}

const cluster = await openTestCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const scan = (profile: string, ...more: string[]) => ['scan', 'web', '-n', namespace, '-p', profile, '-v', ...more];

describe('a run in the middle of its look', () => {
  test.each([
    ['SIGHUP', 129, 'HUNG_UP'],
    ['SIGQUIT', 130, 'CANCELLED'],
    ['SIGUSR2', 143, 'TERMINATED'],
    ['SIGALRM', 143, 'TERMINATED'],
  ] as const)('that gets %s revokes its grant and exits with %d', async (signal, code, error) => {
    const running = startCincScan(cluster, scan(profiles.slow));
    await running.line(/✓ step 1 /);
    running.child.kill(signal);
    const ran = await running.ended;
    expect({ code: ran.code, signal: ran.signal }).toEqual({ code, signal: null });
    expect(readScanJson(ran)).toMatchObject({
      exitCode: code,
      targets: [{ outcome: 'unreached', error: { code: error } }],
      grant: { revoked: true },
    });
  });

  test('that is told again and again to end still revokes its grant first', async () => {
    const running = startCincScan(cluster, scan(profiles.slow));
    await running.line(/✓ step 1 /);
    running.child.kill('SIGINT');
    await running.line(/revoking/);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) running.child.kill(signal);
    const ran = await running.ended;
    expect(ran.code).toBe(130);
    expect(readScanJson(ran).grant).toEqual(expect.objectContaining({ revoked: true }));
  });

  test('whose log nobody reads any more ends', async () => {
    const running = startCincScan(cluster, scan(profiles.slow));
    await running.line(/✓ step 1 /);
    running.child.stderr?.destroy();
    const ran = await running.ended;
    expect(ran.code).toBe(2);
    expect(readScanJson(ran)).toMatchObject({
      targets: [{ error: { code: 'OUTPUT_UNWRITABLE', message: expect.stringContaining('EPIPE') } }],
      grant: { revoked: true },
    });
  });

  test('whose log fills its disk ends', async () => {
    // Room for the first lines; the mount goes with the process.
    const mount = 'mkdir full && mount -t tmpfs -o size=8k tmpfs full && head -c 6700 /dev/zero >full/log';
    const args = [...scan(profiles.slow).filter(word => word !== '-v'), '--debug', '--log-format', 'json'];
    const script = `${mount} && exec "$@" 2>>full/log`;
    const ran = await startProgram(cluster, ['unshare', '--mount', 'sh', '-c', script, 'sh', ...program, ...args])
      .ended;
    expect(ran.code).toBe(2);
    const { targets, grant } = readScanJson(ran);
    expect(grant).toMatchObject({ revoked: true });
    expect(targets).toMatchObject([
      { error: { code: 'OUTPUT_UNWRITABLE', message: expect.stringContaining('ENOSPC') } },
    ]);
  });

  test.each([
    ['an exception', 'throw new Error("planted")'],
    ['a rejection', 'void Promise.reject(new Error("planted"))'],
  ])('that meets %s which nobody handles revokes its grant and says so', async (_, statement) => {
    const planted = join(cluster.folder, 'planted.mjs');
    writeFileSync(planted, `process.on('SIGCONT', () => { ${statement}; });`);
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(planted).href}` };
    const running = startCincScan(cluster, scan(profiles.slow), { env });
    await running.line(/✓ step 1 /);
    running.child.kill('SIGCONT');
    const ran = await running.ended;
    expect(ran.code).toBe(5);
    expect(readScanJson(ran)).toMatchObject({
      targets: [{ error: { code: 'ENGINE_CRASHED', message: 'The run failed: planted' } }],
      grant: { revoked: true },
    });
  });

  test('is over at its deadline, and says of which target', async () => {
    const ran = await cincScan(cluster, scan(profiles.slow, '--deadline', '6s'));
    expect(ran.code).toBe(4);
    expect(readScanJson(ran)).toMatchObject({
      targets: [{ name: `${namespace}/web/app`, error: { code: 'DEADLINE' } }],
      grant: { revoked: true },
    });
  });
});

describe('a credential plugin that never answers', () => {
  /** The kubeconfig of the cluster with a user whose plugin says that it was started, and waits. */
  const waiting = (): { kubeconfig: string; started: string } => {
    const started = join(cluster.folder, `plugin-${Date.now()}`);
    const kubeconfig = `${started}.kubeconfig`;
    const { users: _, contexts, ...rest } = load(cluster.kubeconfig, { schema: CORE_SCHEMA }) as Kubeconfig;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', `echo $$ >${started}; exec sleep 600`],
      interactiveMode: 'Never',
    };
    const own = contexts.map(({ name, context }) => ({ name, context: { ...context, user: 'waits' } }));
    writeFileSync(kubeconfig, dump({ ...rest, contexts: own, users: [{ name: 'waits', user: { exec } }] }));
    return { kubeconfig, started };
  };
  const commands: [string, string[]][] = [
    ['scan', ['scan', 'web', '-n', 'any', '-p', profiles.firstLook]],
    ['grant', ['grant', 'web', '-n', 'any']],
    ['sweep', ['sweep', '-n', 'any']],
  ];

  test.each(commands)('does not keep %s from ending when it is told to', async (_, args) => {
    const { kubeconfig, started } = waiting();
    const running = startCincScan(cluster, [...args, '--kubeconfig', kubeconfig]);
    await until('the plugin', () => Promise.resolve(existsSync(started)));
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 143, stderr: expect.stringContaining('TERMINATED') });
  });

  test('does not keep a scan beyond its deadline', async () => {
    const { kubeconfig } = waiting();
    const args = ['scan', 'web', '-n', 'any', '-p', profiles.firstLook, '--kubeconfig', kubeconfig];
    const ran = await cincScan(cluster, [...args, '--deadline', '4s']);
    expect(ran.code).toBe(4);
    expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'unreached', error: { code: 'DEADLINE' } }]);
  });
});

describe('standard output that cannot be written', () => {
  const toFull = (args: string[]) =>
    startProgram(cluster, ['sh', '-c', 'exec "$@" >/dev/full', 'sh', ...program, ...args]);

  test('fails a scan whose report it was to hold', async () => {
    const ran = await toFull(scan(profiles.firstLook, '--report-only', '--report', 'scan:-')).ended;
    expect(ran.stderr).toMatch(/OUTPUT_UNWRITABLE Standard output cannot be written: .*ENOSPC/);
    expect(ran.code).toBe(2);
  });

  test('fails a scan that had a table for it, and any other command', async () => {
    const ran = await toFull(scan(profiles.firstLook, '--report-only')).ended;
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 2, stderr: expect.stringContaining('ENOSPC') });
    const help = await toFull(['--help']).ended;
    expect(help).toMatchObject({ code: 2, stderr: expect.stringMatching(/^cinc-scan: OUTPUT_UNWRITABLE /) });
  });
});
