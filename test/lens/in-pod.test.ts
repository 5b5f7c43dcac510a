// SPDX-License-Identifier: Apache-2.0
// A scanner that is part of the pod and has no access to the API, from the manifest to the collected results.

import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { podBody, postPod, testImage, untilRunning } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect } from '@jest/globals';
import { dump, load } from 'js-yaml';
import { cacheHome } from '../support/caches.ts';
import { cincScan, profiles, program, readHdf, readScanJson, root, type Transcript } from '../support/cinc-scan.ts';
import { nodeTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';

const cluster = await openTestCluster({ allowHostPath: true });

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

interface Container {
  name: string;
  command?: string[];
  env?: Record<string, unknown>[];
  volumeMounts?: Record<string, unknown>[];
}

interface PodManifest {
  spec: { containers: Container[]; volumes: Record<string, unknown>[] };
}

/** A profile as the kubelet mounts it from a ConfigMap: every name is a link into a folder that a link names. */
function asConfigMap(profile: string): string {
  const folder = folderWith(cluster, {});
  const data = join(folder, '..2026_01_01');
  mkdirSync(data);
  for (const name of ['inspec.yml', 'controls']) {
    cpSync(join(profile, name), join(data, name), { recursive: true });
    symlinkSync(join('..data', name), join(folder, name));
  }
  symlinkSync('..2026_01_01', join(folder, '..data'));
  return folder;
}

// There is no image with Node.js, Ruby and cinc-scan in the test registry: the node's own are mounted into the tools'.
const hostFolders = ['/usr', '/lib', '/lib64', root, join(cacheHome, 'cinc-scan')];

function withProgram(manifest: PodManifest): PodManifest {
  const mounts = hostFolders.map((path, index) => ({ name: `host-${index}`, mountPath: path, readOnly: true }));
  return {
    ...manifest,
    spec: {
      ...manifest.spec,
      volumes: [
        ...manifest.spec.volumes,
        ...hostFolders.map((path, index) => ({ name: `host-${index}`, hostPath: { path } })),
      ],
      containers: manifest.spec.containers.map(container =>
        container.name === 'cinc-scan-sidecar'
          ? {
              ...container,
              command: [...program, ...(container.command ?? []).slice(1)],
              env: [
                ...(container.env ?? []),
                { name: 'PATH', value: '/usr/bin:/bin' },
                { name: 'HOME', value: '/tmp' },
                { name: 'XDG_CACHE_HOME', value: cacheHome },
              ],
              volumeMounts: [...(container.volumeMounts ?? []), ...mounts],
            }
          : container,
      ),
    },
  };
}

async function makeScanningPod(profile: string, more: string[] = []): Promise<string> {
  const namespace = await cluster.namespace();
  const body = podBody({
    name: 'web',
    namespace,
    containers: { app: 'distroless-defects', twin: 'distroless' },
    spec: { automountServiceAccountToken: false, volumes: [{ name: 'profile', hostPath: { path: profile } }] },
  });
  const cwd = folderWith(cluster, { 'web.yaml': dump(body) });
  const args = ['sidecar', 'inject', '-f', 'web.yaml', '--image', testImage('tools'), '--in-pod'];
  const ran = await cincScan(cluster, [...args, '--profile-volume', 'profile', ...more], { cwd });
  expect({ code: ran.code, text: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, text: '' });
  const manifest = withProgram(load(ran.stdout) as PodManifest);
  await postPod(cluster.api, namespace, manifest);
  await untilRunning(cluster.api, namespace, 'web');
  return namespace;
}

const collect = (namespace: string): Promise<Transcript> =>
  cincScan(cluster, ['collect', 'web', '-n', namespace, '-o', 'cinc-scan-results', '--timeout', '3m']);

/** Ids of the controls that failed, by the file of the target. */
function failures(ran: Transcript): Record<string, string[]> {
  return Object.fromEntries(
    [...readHdf(ran)].map(([name, hdf]) => [
      name.replace(/^[^_]*_/, ''),
      hdf.profiles
        .flatMap(({ controls }) => controls)
        .filter(({ results }) => results.some(({ status }) => status === 'failed'))
        .map(({ id }) => id)
        .toSorted(),
    ]),
  );
}

nodeTest('a pod scans itself, each container told from the other, and the results are collected', async () => {
  const namespace = await makeScanningPod(asConfigMap(profiles.firstLook));
  const ran = await collect(namespace);
  expect({ code: ran.code, text: ran.code === 3 ? '' : ran.stderr }).toEqual({ code: 3, text: '' });
  expect(failures(ran)).toEqual({
    'web_app.json': [
      'account-passwd-file',
      'account-single-root',
      'account-unique-ids',
      'file-setuid',
      'file-world-writable',
    ],
    'web_twin.json': [],
  });
  const { targets, grant, exitCode } = readScanJson(ran);
  expect({ grant, exitCode }).toEqual({ grant: null, exitCode: 3 });
  expect(targets).toMatchObject(
    ['app', 'twin'].map(name => ({
      name: `${namespace}/web/${name}`,
      outcome: 'audited',
      observation: { lens: 'sidecar', view: 'full' },
    })),
  );
});

nodeTest('arguments for the scan are passed on, and a gate that is met ends with 0', async () => {
  const namespace = await makeScanningPod(profiles.firstLook, ['--', '--threshold', '0', '--run-id', 'in-pod-1']);
  const ran = await collect(namespace);
  expect({ code: ran.code, text: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, text: '' });
  expect(ran.stdout).toMatch(/of run in-pod-1 collected/);
});

nodeTest('a mistake in the scan is not waited for: it is collected too', async () => {
  const namespace = await makeScanningPod(profiles.firstLook, ['--', '--threshold', 'nonsense: 1']);
  const ran = await collect(namespace);
  expect(ran.code).toBe(2);
  const outputs = readFileSync(join(ran.cwd, 'cinc-scan-results/outputs.json'), 'utf8');
  expect(JSON.parse(outputs)).toMatchObject({ verdict: 'error', reason: 'THRESHOLD_INVALID', 'exit-code': 2 });
});

nodeTest('a container that is not there is an error beside the results of the others', async () => {
  const namespace = await makeScanningPod(profiles.firstLook, ['--', '--container', 'gone']);
  const ran = await collect(namespace);
  expect(readScanJson(ran).targets.map(({ name, outcome }) => ({ name: name.split('/')[2], outcome }))).toEqual([
    { name: 'app', outcome: 'audited' },
    { name: 'gone', outcome: 'unreached' },
    { name: 'twin', outcome: 'audited' },
  ]);
  expect(ran.code).toBe(4);
});
