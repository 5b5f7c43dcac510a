// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { profiles, type Running, readScanJson, startCincScan, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, engineProcesses, openTestCluster } from '../support/cluster.ts';

const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** A scan in its middle: a control has been reported, many are still to come. */
async function scanInProgress(container: Record<string, unknown> = {}): Promise<Running & { namespace: string }> {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' }, container });
  const running = startCincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.slow, '-v']);
  await running.line(/✓ step 1 /);
  return { ...running, namespace };
}

/** Whatever the engine had seen so far, no report tells of it as a finding or a pass. */
function expectUnreached(ran: Transcript, code: number, error: RegExp): void {
  const manifest = readScanJson(ran);
  expect(manifest.targets).toMatchObject([{ outcome: 'unreached', error: { code: expect.stringMatching(error) } }]);
  expect(manifest).toMatchObject({ exitCode: code, state: 'finished', grant: { revoked: true } });
  expect(readdirSync(join(ran.cwd, 'cinc-scan-results')).filter(name => name.includes('_'))).toEqual([]);
  expect(readFileSync(join(ran.cwd, 'cinc-scan-results/summary.md'), 'utf8')).not.toMatch(/step \d/);
  expect(ran.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  expect(ran.code).toBe(code);
}

describe('a target whose look was cut short is unreached, with no finding invented', () => {
  test('when the whole engine is killed', async () => {
    const running = await scanInProgress();
    const pids = engineProcesses(cluster.folder);
    const parent = Math.min(...pids);
    process.kill(parent, 'SIGKILL');
    expectUnreached(await running.ended, 5, /^ENGINE_CRASHED$/);
  });

  test('when the process of the audit is killed', async () => {
    const running = await scanInProgress();
    const pids = engineProcesses(cluster.folder);
    expect(pids.length).toBeGreaterThan(1);
    process.kill(Math.max(...pids), 'SIGKILL');
    expectUnreached(await running.ended, 5, /^ENGINE_CRASHED$/);
  });

  test('when the pod is deleted', async () => {
    const running = await scanInProgress();
    await cluster.api.call('DELETE', `/api/v1/namespaces/${running.namespace}/pods/web?gracePeriodSeconds=0`);
    expectUnreached(await running.ended, 4, /^TARGET_(LOST|CHANGED)$/);
  });

  test('when the container restarts', async () => {
    const running = await scanInProgress({ command: ['sh', '-c', 'while [ ! -e /tmp/end ]; do sleep 0.2; done'] });
    // Ends the container from inside, as a crash would.
    await executeInPod(running, 'touch /tmp/end');
    expectUnreached(await running.ended, 4, /^TARGET_(LOST|CHANGED)$/);
  });

  embeddedTest('when the stream into the container is cut', async () => {
    // Enough for the platform and a few controls.
    const fault = cluster.embedded?.faults.add({
      match: { path: /\/exec\?/ },
      action: { kind: 'cut', afterBytes: 4000 },
    });
    const running = await scanInProgress();
    expectUnreached(await running.ended, 4, /^TARGET_LOST$/);
    fault?.remove();
  });
});

/** Runs a command in the pod's only container through a scan of its own, which needs no other client. */
async function executeInPod({ namespace }: { namespace: string }, command: string): Promise<void> {
  const profile = mkdtempSync(join(cluster.folder, 'p-'));
  mkdirSync(join(profile, 'controls'));
  writeFileSync(join(profile, 'inspec.yml'), 'name: act\nversion: 1.0.0\n');
  writeFileSync(
    join(profile, 'controls/act.rb'),
    `control 'act' do\n  describe command('${command}') do\n    its('exit_status') { should eq 0 }\n  end\nend\n`,
  );
  await startCincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profile, '--access', 'existing']).ended;
}
