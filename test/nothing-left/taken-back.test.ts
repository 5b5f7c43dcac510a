// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, profiles, program, startCincScan, startProgram } from '../support/cinc-scan.ts';
import { embeddedTest, leftObjects, openTestCluster } from '../support/cluster.ts';
import { makeGrant } from '../support/grant.ts';
import { expectRefused } from '../support/refusal.ts';

const cluster = await openTestCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const grant = (...more: string[]) => ['grant', 'web', '-n', namespace, ...more];
const names = (runId: string) => new RegExp(`ServiceAccount \\S+/cinc-scan-${runId}, Role \\S+, RoleBinding `);

describe('a grant that cannot be handed over', () => {
  test('in its file is taken back, and named', async () => {
    const ran = await cincScan(cluster, grant('--run-id', 'nofile', '--out', '/nonexistent/kubeconfig'));
    expectRefused(ran, { code: 'OUTPUT_UNWRITABLE', exit: 2, message: names('nofile'), remedy: /\S/ });
  });

  test('on a full disk behind standard output is taken back, and named', async () => {
    const words = ['sh', '-c', 'exec "$@" >/dev/full', 'sh', ...program, ...grant('--run-id', 'full')];
    const ran = await startProgram(cluster, words).ended;
    expectRefused(ran, { code: 'OUTPUT_UNWRITABLE', exit: 2, message: names('full'), remedy: /\S/ });
  });

  test('to a reader that has gone is taken back, and named', async () => {
    const running = startCincScan(cluster, grant('--run-id', 'gone'));
    running.child.stdout?.destroy();
    expectRefused(await running.ended, { code: 'OUTPUT_UNWRITABLE', exit: 2, message: names('gone'), remedy: /\S/ });
  });

  test.each([['>&-'], ['>/dev/null']])('for want of a standard output (%s) is not made', async redirection => {
    const words = ['sh', '-c', `exec "$@" ${redirection}`, 'sh', ...program, ...grant('--run-id', 'closed', '-v')];
    const ran = await startProgram(cluster, words).ended;
    expectRefused(ran, { code: 'OUTPUT_UNWRITABLE', exit: 2, message: /would be lost/, remedy: /--out/ });
    expect(ran.stderr).not.toContain('create');
  });

  embeddedTest('nor be taken back names what is left', async () => {
    const fault = cluster.embedded?.faults.add({
      match: { method: 'DELETE' },
      action: { kind: 'status', code: 403, body: { kind: 'Status', status: 'Failure', message: 'planted', code: 403 } },
    });
    const ran = await cincScan(cluster, grant('--run-id', 'stays', '--out', '/nonexistent/kubeconfig'));
    fault?.remove();
    expect(ran).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/GRANT_NOT_REVOKED .*RoleBinding \S+ is still/),
    });
    expect((await cincScan(cluster, ['sweep', '-n', namespace, '--run', 'stays'])).code).toBe(0);
  });
});

describe('an object whose answer was lost', () => {
  const kinds = ['serviceaccounts', 'roles', 'rolebindings'];
  const cases = kinds.flatMap(kind => [403, 401, 422].map(code => [kind, code] as const));

  for (const [kind, code] of cases)
    embeddedTest(`(${kind}) and whose retry was refused with ${code} is taken back`, async () => {
      const match = { method: 'POST', path: new RegExp(`/namespaces/${namespace}/${kind}$`) };
      const body = { kind: 'Status', status: 'Failure', message: 'planted', code };
      using lost = cluster.embedded?.faults.add({
        match: { ...match, nth: 1 },
        action: { kind: 'cut', afterBytes: 20 },
      });
      using refused = cluster.embedded?.faults.add({
        match: { ...match, nth: 2 },
        action: { kind: 'status', code, body },
      });
      const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.firstLook]);
      expect(ran).toMatchObject({ code: 4, stderr: expect.stringContaining('planted') });
      expect([lost?.hits, refused?.hits]).toEqual([1, 1]);
      expect(ran.stderr).not.toContain('GRANT_NOT_REVOKED');
      expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
    });
});

describe('cinc-scan revoke', () => {
  test('does not say that a token was tried which it could not try', async () => {
    const { file } = await makeGrant(cluster, 'nopods', ['web', '-n', namespace]);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/pods:\n\s*- web/, 'pods: []'));
    expect(await cincScan(cluster, ['revoke', file])).toMatchObject({
      code: 0,
      stdout: '3 objects deleted; a token was not tried, since the kubeconfig names no pod for it\n',
    });
  });

  test('deletes what a link leads to with the link', async () => {
    const { file } = await makeGrant(cluster, 'linked', ['web', '-n', namespace]);
    const link = join(cluster.folder, 'link.kubeconfig');
    symlinkSync(file, link);
    expect(await cincScan(cluster, ['revoke', link])).toMatchObject({ code: 0 });
    expect([existsSync(file), existsSync(link)]).toEqual([false, false]);
  });
});

describe('cinc-scan sweep', () => {
  test.each(['revoke', 'sweep'])('%s refuses what is not the name of a run', async command => {
    const ran = await cincScan(cluster, [command, '-n', namespace, '--run', '../x']);
    expectRefused(ran, { code: 'INPUT_INVALID', exit: 2, message: /run-id/, remedy: /\S/ });
  });

  test('right after a kill names the run that is there, and how to delete it; the log names it too', async () => {
    const running = startCincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.slow, '-v']);
    const [, runId = ''] = /\(run (\S+)\)/.exec(await running.line(/Making a temporary identity/)) ?? [];
    await running.line(/✓ step 1 /);
    running.child.kill('SIGKILL');
    await running.ended;
    const { code, stdout } = await cincScan(cluster, ['sweep', '-n', namespace]);
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: ['0 objects deleted', expect.stringMatching(/^run \S+ in \S+ does not expire before 20\S+Z \(3 object/)],
    });
    const told = /cinc-scan (sweep .*)$/.exec(stdout.trim())?.[1]?.split(' ') ?? [];
    expect(told).toEqual(['sweep', '-n', namespace, '--run', runId]);
    expect((await cincScan(cluster, told)).stdout).toContain('3 objects deleted');
  });
});
