// SPDX-License-Identifier: Apache-2.0
// A process in a jail has a session of its own: what ends a group does not reach it. It ends with its engine all the same.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Running, startCincScan } from '../support/cinc-scan.ts';
import { engineProcesses, openTestCluster } from '../support/cluster.ts';
import { controlText, profileFiles, writeFiles } from '../support/profiles.ts';

const cluster = await openTestCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
}, 300_000);
afterAll(() => cluster.close());

/** A scan whose profile is through with its first control, and uses all the processor time that it gets in its second. */
async function startBusy(): Promise<{ running: Running; pids: number[] }> {
  const busy = controlText('busy', "describe('x') { it { loop { 1 } } }");
  const files = profileFiles({ name: 'busy', controls: controlText('before') + busy });
  const profile = writeFiles(mkdtempSync(join(cluster.folder, 'p-')), files);
  const running = startCincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profile, '-v', '--timeout', '300s']);
  await running.line(/before/);
  const pids = engineProcesses(cluster.folder);
  expect(pids.length).toBe(2);
  return { running, pids };
}

const allEnded = () =>
  until('the end of every process', () => Promise.resolve(engineProcesses(cluster.folder).length === 0));

test('a profile that never ends goes with an engine that is killed', async () => {
  const { running, pids } = await startBusy();
  process.kill(Math.min(...pids), 'SIGKILL');
  expect((await running.ended).code).toBe(5);
  await allEnded();
});

test('a profile that never ends goes with a command that is killed', async () => {
  const { running } = await startBusy();
  running.child.kill('SIGKILL');
  await running.ended;
  await allEnded();
});

test('a profile that never ends goes with a scan that is cancelled', async () => {
  const { running } = await startBusy();
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(143);
  await allEnded();
});
