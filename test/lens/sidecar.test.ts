// SPDX-License-Identifier: Apache-2.0
// Pods whose manifests `cinc-scan sidecar inject` changed, looked into from the injected container.
import { join } from 'node:path';
import { podBody } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { cincScan, profiles, readHdf, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { makeInjected, makeRunning } from '../support/inject.ts';
import { enforced, restricted } from '../support/lens-scan.ts';

const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

interface Manifest {
  containers: Record<string, string>;
  container?: Record<string, unknown>;
  inject?: string[];
}

async function makePod({ containers, container = {}, inject = [] }: Manifest, labels = {}): Promise<string> {
  const namespace = await cluster.namespace(labels);
  return makeInjected(cluster, podBody({ name: 'web', namespace, containers, container }), inject);
}

const scan = (namespace: string, ...args: string[]): Promise<Transcript> =>
  cincScan(cluster, ['scan', 'web', '-n', namespace, ...args]);

/** Status of each control, as the gate counts them: the worst of its results. */
function statuses(ran: Transcript): Record<string, string> {
  const controls = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
  const rank = ['passed', 'skipped', 'failed'];
  return Object.fromEntries(
    controls.map(({ id, results }) => [
      id,
      rank.findLast(status => results.some(each => each.status === status)) ?? 'none',
    ]),
  );
}

const failed = (ran: Transcript) =>
  Object.entries(statuses(ran))
    .filter(([, status]) => status === 'failed')
    .map(([id]) => id)
    .toSorted();

const firstLook = ['-p', profiles.firstLook];

describe('the sidecar lens', () => {
  test('is chosen by itself for a pod that was injected, and looks into a distroless container', async () => {
    const namespace = await makePod({ containers: { app: 'distroless' } });
    const ran = await scan(namespace, ...firstLook);
    expect(readScanJson(ran).targets).toMatchObject([
      { name: `${namespace}/web/app`, outcome: 'audited', observation: { lens: 'sidecar', view: 'full' } },
    ]);
    expect(ran.code).toBe(0);
  });

  test('looks into a container that does not run as root', async () => {
    const namespace = await makePod({ containers: { app: 'distroless-nonroot' } });
    const ran = await scan(namespace, ...firstLook, '--lens', 'sidecar');
    expect(readScanJson(ran).targets).toMatchObject([{ observation: { lens: 'sidecar', view: 'full' } }]);
    expect(ran.code).toBe(0);
  });

  test('finds planted defects, and only those', async () => {
    const namespace = await makePod({ containers: { app: 'distroless-defects' } });
    const ran = await scan(namespace, ...firstLook);
    expect(failed(ran)).toEqual([
      'account-passwd-file',
      'account-single-root',
      'account-unique-ids',
      'file-setuid',
      'file-world-writable',
    ]);
    expect(ran.code).toBe(3);
  });

  test('tells two containers of one image and one command from each other', async () => {
    const namespace = await makePod({ containers: { one: 'debian', two: 'debian' } });
    const cwd = folderWith(cluster, {
      'look/inspec.yml': 'name: look\nversion: 1.0.0\n',
      'look/controls/a.rb':
        "control 'mark' do\n  describe(file('/mark')) { its('content') { should eq 'of two' } }\nend\n",
      'plant/inspec.yml': 'name: plant\nversion: 1.0.0\n',
      'plant/controls/a.rb':
        "control 'plant' do\n  describe(command(\"printf 'of two' >/mark\")) { its('exit_status') { should eq 0 } }\nend\n",
    });
    const planted = await scan(namespace, '-c', 'two', '--lens', 'exec', '-p', join(cwd, 'plant'));
    expect(planted.code).toBe(0);
    const of = async (container: string) => {
      const ran = await scan(namespace, '-c', container, '-p', join(cwd, 'look'));
      expect(readScanJson(ran).targets).toMatchObject([{ observation: { lens: 'sidecar' } }]);
      return statuses(ran);
    };
    expect(await of('two')).toEqual({ mark: 'passed' });
    expect(await of('one')).toEqual({ mark: 'failed' });
  });

  test('sees the same as the exec lens in an image that both can look into', async () => {
    const namespace = await makePod({ containers: { app: 'debian-defects' } });
    const args = [...firstLook, '-p', profiles.files, '-p', profiles.system];
    const exec = await scan(namespace, '--lens', 'exec', ...args);
    const sidecar = await scan(namespace, '--lens', 'sidecar', ...args);
    expect(Object.keys(statuses(exec)).length).toBeGreaterThan(40);
    expect(statuses(sidecar)).toEqual(statuses(exec));
  });

  test('with --restricted reads files only, as the target itself could, and says so', async () => {
    const inject = ['--restricted', '--run-as-user', '65532', '--run-as-group', '65532'];
    const labels = enforced('restricted');
    const namespace = await makePod(
      { containers: { app: 'distroless-nonroot' }, container: restricted, inject },
      labels,
    );
    const ran = await scan(namespace, ...firstLook);
    expect(readScanJson(ran).targets).toMatchObject([{ observation: { lens: 'sidecar', view: 'files-only' } }]);
    expect(failed(ran)).toEqual([]);
    expect(ran.code).toBe(3); // the strictest gate: not reviewed is not passed
  });
});

test('a pod without an injected container is out of reach of the sidecar lens, and says what to do', async () => {
  const namespace = await cluster.namespace();
  const body = podBody({ name: 'web', namespace, containers: { app: 'busybox' } });
  await makeRunning(cluster, body, body);
  const ran = await scan(namespace, ...firstLook, '--lens', 'sidecar');
  expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'unreached', error: { code: 'LENS_UNAVAILABLE' } }]);
  expect(ran.stdout + ran.stderr).toMatch(/sidecar inject/);
  expect(ran.code).toBe(4);
});
