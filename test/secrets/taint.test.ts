// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Secrets } from '@cinc-scan/core';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeAccount } from '../support/accounts.ts';
import { cincScan, profiles, startCincScan } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { scanInProcess } from '../support/in-process.ts';
import { secretsIn, secretsOf } from '../support/secrets-found.ts';
import { takeLeaks, watchCommand } from '../support/taint.ts';

const cluster = await openTestCluster();
const given = secretsOf(cluster.kubeconfig);
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
});
afterAll(() => cluster.close());

/** Leaks of a command that is not ours, told to do so. */
async function leaksOf(script: string, environment: Record<string, string> = {}): Promise<string[]> {
  const cwd = mkdtempSync(join(cluster.folder, 'leak-'));
  const start = () => spawn('sh', ['-c', script], { cwd, env: { PATH: process.env['PATH'] ?? '', ...environment } });
  const { child, finish } = watchCommand({ start, folder: cluster.folder, cwd, args: ['leaky'], env: environment });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  await once(child, 'close');
  finish({ stdout, stderr });
  return takeLeaks(cluster.folder);
}

describe('the watch over every command of the end-to-end tests', () => {
  const ways: [string, string, RegExp][] = [
    ['on standard output', 'printf "%s" "$S"', /: standard output$/],
    ['on standard error', 'printf "%s" "$S" >&2', /: standard error$/],
    ['in a file', 'printf "%s" "$S" >left', /: file .*\/left$/],
    ['in a file deep below', 'mkdir -p a/b; printf "x %s y" "$S" >a/b/left', /: file .*\/a\/b\/left$/],
    ['in a file, as base64', 'printf "%s" "$S" | base64 -w0 >left', /: file .*\/left$/],
    [
      'on standard output, as base64 in the middle of another text',
      'printf "ab%s" "$S" | base64 -w0',
      /standard output$/,
    ],
    [
      'in a file that is gone in the end',
      'mkfifo f; printf "%s" "$S" >left; timeout 1 cat <>f; rm left',
      /: file .*\/left$/,
    ],
    ['on the command line of a child', 'mkfifo f; sh -c "exec 3<>f; timeout 1 cat <&3" "$S"; true', /command line/],
    ['in the environment of a child', 'mkfifo f; X="$S" sh -c "exec 3<>f; timeout 1 cat <&3"; true', /environment/],
  ];

  test.each(ways)('finds a secret %s', async (_where, script, expected) => {
    for (const secret of given) {
      const leaks = await leaksOf(script, { S: secret });
      expect(leaks).toContainEqual(expect.stringMatching(expected));
    }
  });

  test('is content with a command that keeps its secret', async () => {
    expect(await leaksOf('echo quiet', { S: given.join('') })).toEqual([]);
  });

  test('knows the tokens that are issued while commands run', async () => {
    const { kubeconfigPath } = await makeAccount(cluster, namespace, []);
    expect(await leaksOf(`cat ${kubeconfigPath}`)).toEqual(
      cluster.embedded === undefined ? [] : [expect.stringMatching(/standard output$/)],
    );
  });

  test('knows a token of a grant wherever it came from', () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = (sub: string) => `${part({ alg: 'ES256', typ: 'JWT' })}.${part({ sub })}.${'s'.repeat(86)}`;
    expect(secretsIn(`x${token('system:serviceaccount:shop:cinc-scan-a1')}`, [])).toHaveLength(1);
    expect(secretsIn(token('system:serviceaccount:shop:default'), [])).toEqual([]);
  });
});

describe('secrets that are given or made', () => {
  test('are known to whatever a run writes: the token of its grant too', async () => {
    const secrets = new Secrets();
    const { scan } = await scanInProcess(
      cluster,
      { targets: ['web'], namespace: namespace, profile: profiles.firstLook },
      { secrets },
    );
    expect(scan.outcomes).toMatchObject([{ kind: 'audited' }]);
    const tokens = secrets.all().filter(secret => secretsIn(secret.reveal(), []).length > 0);
    expect(tokens).not.toHaveLength(0);
  });

  test('stay out of everything a scan writes and starts, however much it tells', async () => {
    const reports = ['html', 'hdf', 'hdf-annotated', 'junit', 'markdown'].flatMap(kind => ['--report', kind]);
    const args = ['scan', 'web', '-n', namespace, '-p', profiles.system, '--debug', ...reports];
    const ran = await cincScan(cluster, args);
    expect(ran.stderr).toContain('session into');
    await cluster.expectNothingLeft();
  });

  test('stay out of the engine where they are in the environment of the command', async () => {
    const env = { KUBECONFIG: '', CINC_SCAN_KUBECONFIG: cluster.kubeconfig, CINC_SCAN_LOG_FORMAT: 'json' };
    const running = startCincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.slow, '--debug'], { env });
    await running.line(/"control"/);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    await cluster.expectNothingLeft();
  });

  test('are asked for by no other user: the folder of the engine and its socket is private', async () => {
    const running = startCincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.slow, '-v'], {});
    await running.line(/session into/);
    const folders = readdirSync(cluster.folder).filter(name => name.startsWith('cinc-scan-'));
    const modes = folders.map(name => statSync(join(cluster.folder, name)).mode & 0o777);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(new Set(modes)).toEqual(new Set([0o700]));
  });

  test('stay out of errors', async () => {
    const env = { CINC_SCAN_TOKEN: given.join('').replaceAll('\n', '') };
    const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.system, '--debug'], { env });
    expect(ran.code).toBe(4);
    await cluster.expectNothingLeft();
  });

  test('go to the kubeconfig that was asked for, and nowhere else', async () => {
    const out = join(cluster.folder, 'asked.kubeconfig');
    const made = await cincScan(cluster, ['grant', 'web', '-n', namespace, '--out', out, '--debug']);
    expect(made.code).toBe(0);
    const printed = await cincScan(cluster, ['grant', 'web', '-n', namespace, '--run-id', 'printed', '--debug']);
    expect(secretsOf(printed.stdout)).toHaveLength(1);
    expect(takeLeaks(cluster.folder)).toEqual([]);
    expect((await cincScan(cluster, ['revoke', out, '--debug'])).code).toBe(0);
    expect((await cincScan(cluster, ['sweep', '-n', namespace, '--run', 'printed', '--debug'])).code).toBe(0);
    await cluster.expectNothingLeft();
  });
});
