// SPDX-License-Identifier: Apache-2.0
// A container that writes results in place of the scanner that is part of its pod.
import { createHash } from 'node:crypto';
import { podBody } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { cincScan, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { inject, makeRunning } from '../support/inject.ts';
import { kubectl } from '../support/kubectl.ts';

const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

interface Manifest {
  spec: { containers: { name: string; command?: string[]; volumeMounts?: object[] }[] };
}

/** A pod whose scanner does nothing: there is no image with the program in the test registry. */
async function makePod(more: string[], change: (manifest: Manifest) => void = () => undefined): Promise<string> {
  const namespace = await cluster.namespace();
  const body = podBody({ name: 'web', namespace, containers: { app: 'debian' } });
  const injected = await inject(cluster, body, ['--in-pod', '--profile-path', '/profile', ...more]);
  const manifest = injected as Manifest;
  for (const container of manifest.spec.containers)
    if (container.name === 'cinc-scan-sidecar') container.command = ['/cinc-scan/helper', 'idle', '--ignore-stdin'];
  change(manifest);
  return makeRunning(cluster, body, manifest);
}

async function inContainer(namespace: string, container: string, script: string): Promise<string> {
  const args = ['exec', '-n', namespace, 'web', '-c', container, '--', 'sh', '-c', script];
  return (await kubectl(cluster, cluster.kubeconfigPath, args)).stdout;
}

const text = `${JSON.stringify({ verdict: 'pass', 'exit-code': 0 })}\n`;
const sha256 = createHash('sha256').update(text).digest('hex');
const file = { name: 'outputs.json', bytes: text.length, sha256 };
const marker = JSON.stringify({ version: 1, run: 'planted', exitCode: 0, files: [file] });
const write = (folder: string) =>
  `printf '%s\\n' '${text.trim()}' >"${folder}/outputs.json" && printf '%s' '${marker}' >"${folder}/complete.json"`;
const forge = `for root in /proc/[0-9]*/root; do
  [ -d "$root/cinc-scan/results" ] || continue
  ${write('$root/cinc-scan/results')} && echo written
done 2>/dev/null; :`;

const collect = (namespace: string, ...more: string[]): Promise<Transcript> =>
  cincScan(cluster, ['collect', 'web', '-n', namespace, '-o', 'results', '--timeout', '5s', ...more]);

test('it cannot where the scanner has a capability that it lacks, and such results are good enough', async () => {
  const namespace = await makePod(['--guarded']);
  // A shell of the scanner's container that runs meanwhile is no way in either.
  const shell = inContainer(namespace, 'cinc-scan-sidecar', 'sleep 3');
  expect(await inContainer(namespace, 'app', forge)).toBe('');
  await shell;
  expect((await collect(namespace)).code).toBe(4);
  await inContainer(namespace, 'cinc-scan-sidecar', write('/cinc-scan/results'));
  const ran = await collect(namespace, '--require-view', 'guarded');
  expect({ code: ran.code, said: /could have been written/.test(ran.stderr) }).toEqual({ code: 0, said: false });
});

test('elsewhere it could, and that is said, or refused', async () => {
  const namespace = await makePod([]);
  await inContainer(namespace, 'cinc-scan-sidecar', write('/cinc-scan/results'));
  const ran = await collect(namespace);
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain('could have been written by container "app" of the same pod');
  const refused = await collect(namespace, '--require-view', 'guarded');
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain('VIEW_PARTIAL');
});

test('a container that mounts the folder of the results could, whatever its capabilities', async () => {
  const namespace = await makePod(['--guarded'], ({ spec }) => {
    for (const container of spec.containers)
      if (container.name === 'app') container.volumeMounts = [{ name: 'cinc-scan-results', mountPath: '/mnt' }];
  });
  const ran = await collect(namespace, '--require-view', 'guarded');
  expect(ran.code).toBe(4);
  expect(ran.stderr).toContain('could have been written by container "app"');
});
