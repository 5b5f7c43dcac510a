// SPDX-License-Identifier: Apache-2.0
// A scanner that is part of the pod and has no access to the API, from the manifest to the collected results.

import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { podBody } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect } from '@jest/globals';
import { cacheHome } from '../support/caches.ts';
import { cincScan, profiles, program, readHdf, readScanJson, root, type Transcript } from '../support/cinc-scan.ts';
import { nodeTest, openTestCluster } from '../support/cluster.ts';
import { manifest as manifestOf } from '../support/findings.ts';
import { folderWith } from '../support/folder.ts';
import { inject, makeRunning } from '../support/inject.ts';
import { profileFiles, writeFiles } from '../support/profiles.ts';

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
  const injected = await inject(cluster, body, ['--in-pod', '--profile-volume', 'profile', ...more]);
  return makeRunning(cluster, body, withProgram(injected as PodManifest));
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

nodeTest(
  'is the same run as from outside: it pushes, checks its waivers and thresholds, and hides secrets',
  async () => {
    const token = `ghp_${'aB3dE5fG7h'.repeat(4).slice(0, 36)}`;
    const controls = `control 'told' do\n  title 'found ${token}'\n  describe('x') { it { should eq 'x' } }\nend\n`;
    const profile = writeFiles(folderWith(cluster, {}), {
      ...profileFiles({ name: 'told', controls }),
      'waivers.yml': 'never-heard-of: {run: true, justification: because}\n',
      'threshold.yml':
        'default: {compliance: {min: 0}}\ntargets:\n- match: {selector: deployment/elsewhere}\n  threshold: {compliance: {min: 100}}\n',
      'webhook.secret': 'correct-horse-battery\n',
    });
    const at = (name: string) => `/cinc-scan/profile/${name}`;
    const push = ['--push', 'webhook=http://127.0.0.1:9/hook', '--webhook-secret', at('webhook.secret')];
    const files = ['--waivers', at('waivers.yml'), '--threshold', at('threshold.yml')];
    // Code scanning points to files of the workspace, which is another one afterwards.
    const kinds = ['hdf', 'hdf-annotated', 'html', 'markdown', 'junit', 'junit-gate', 'csv'];
    const namespace = await makeScanningPod(profile, ['--', ...push, ...files, '--report', kinds.join()]);
    const ran = await collect(namespace);
    const { warnings, surfaces } = readScanJson(ran);
    expect(surfaces).toMatchObject([{ name: 'webhook http://127.0.0.1:9', ok: false }]);
    expect(warnings).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/no profile has .*never-heard-of/),
        expect.stringMatching(/matches no target/),
      ]),
    );
    expect({ code: ran.code, text: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, text: '' });
    expect(readFileSync(join(ran.cwd, 'cinc-scan-results/scan.json'), 'utf8')).not.toContain(token);
    // And it is a run that is held: shown again, each of its reports has the same bytes.
    const { reports } = readScanJson(ran);
    const shownKinds = reports.map(({ format }) => format);
    const again = ['report', '-i', 'cinc-scan-results', '--report', [...new Set(shownKinds)].join(','), '-o', 'again'];
    expect((await cincScan(cluster, again, { cwd: ran.cwd })).code).toBe(0);
    for (const { path } of reports) {
      const name = basename(path);
      const read = (folder: string) => readFileSync(join(ran.cwd, folder, name), 'utf8');
      expect(read('again')).toBe(read('cinc-scan-results'));
    }
    expect(shownKinds).toEqual(expect.arrayContaining(kinds));
  },
);

nodeTest('a waiver for one container of the pod excuses no other, and one by labels is refused', async () => {
  const waiving = (target: string) => {
    const folder = folderWith(cluster, {
      'w.yml': `account-unique-ids: {justification: x, run: false, expiration_date: 2099-01-01, target: ${target}}\n`,
    });
    cpSync(profiles.firstLook, folder, { recursive: true });
    return makeScanningPod(folder, ['--', '--waivers', '/cinc-scan/profile/w.yml']);
  };
  const failed = async (target: string) => failures(await collect(await waiving(target)))['web_app.json'];
  expect(await failed('{container: app, selector: pod/web}')).not.toContain('account-unique-ids');
  const ran = await collect(await waiving('{container: twin, selector: pod/web*}'));
  expect(failures(ran)['web_app.json']).toContain('account-unique-ids');
  expect(manifestOf(ran).warnings).toEqual([]);
  const refused = await collect(await waiving('{labels: {app: web}}'));
  expect(refused.code).toBe(2);
  const outputs = readFileSync(join(refused.cwd, 'cinc-scan-results/outputs.json'), 'utf8');
  expect(JSON.parse(outputs)).toMatchObject({ verdict: 'error', reason: 'USAGE' });
});
