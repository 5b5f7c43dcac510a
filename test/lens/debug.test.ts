// SPDX-License-Identifier: Apache-2.0
import { type Body, createPod, testImage, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { cincScan, profiles, readHdf, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { debugTest, openTestCluster } from '../support/cluster.ts';
import { enforced, restricted } from '../support/lens-scan.ts';

const cluster = await openTestCluster();
const testDebug = debugTest(cluster);

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

interface Scanned {
  ran: Transcript;
  namespace: string;
}

async function scanPod(image: string, args: string[] = [], { container = {}, labels = {} } = {}): Promise<Scanned> {
  const namespace = await cluster.namespace(labels);
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: image }, container });
  const ran = await cincScan(cluster, [
    'scan',
    'web',
    '-n',
    namespace,
    '-p',
    profiles.firstLook,
    '--lens-image',
    testImage('tools'),
    ...args,
  ]);
  return { ran, namespace };
}

/** Status of each control, as the gate counts them: the worst of its results. */
function statuses({ ran }: Scanned): Record<string, string> {
  const controls = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
  const rank = ['passed', 'skipped', 'failed'];
  return Object.fromEntries(
    controls.map(({ id, results }) => [
      id,
      rank.findLast(status => results.some(each => each.status === status)) ?? 'none',
    ]),
  );
}

const namesOf = (found: Record<string, string>, status: string) =>
  Object.keys(found).filter(id => found[id] === status);

describe('the debug lens', () => {
  testDebug('looks into a distroless container, by commands too, and auto chooses it by itself', async () => {
    const scanned = await scanPod('distroless');
    expect(readScanJson(scanned.ran).targets).toMatchObject([
      { outcome: 'audited', observation: { lens: 'debug', view: 'full' } },
    ]);
    expect(namesOf(statuses(scanned), 'passed')).toHaveLength(14);
    expect(scanned.ran.code).toBe(0);
  });

  testDebug('looks into a distroless container that does not run as root', async () => {
    const scanned = await scanPod('distroless-nonroot');
    expect(namesOf(statuses(scanned), 'passed')).toHaveLength(14);
  });

  testDebug('finds planted defects, and only those', async () => {
    const scanned = await scanPod('distroless-defects');
    expect(namesOf(statuses(scanned), 'failed').toSorted()).toEqual([
      'account-passwd-file',
      'account-single-root',
      'account-unique-ids',
      'file-setuid',
      'file-world-writable',
    ]);
    expect(scanned.ran.code).toBe(3);
  });

  testDebug('says not reviewed, never passed, where a restricted namespace lets it see files only', async () => {
    const labels = enforced('restricted');
    const scanned = await scanPod('distroless-nonroot', [], { container: restricted, labels });
    expect(readScanJson(scanned.ran).targets).toMatchObject([{ observation: { lens: 'debug', view: 'files-only' } }]);
    const found = statuses(scanned);
    // Four run commands, and one asks for a file in a folder that is closed to this user; the others read files.
    expect(namesOf(found, 'skipped').toSorted()).toEqual([
      'account-known-user',
      'account-unique-ids',
      'file-no-private-keys',
      'file-setuid',
      'file-world-writable',
    ]);
    expect(namesOf(found, 'passed')).toHaveLength(9);
    expect(scanned.ran.code).toBe(3); // the strictest gate: not reviewed is not passed
  });

  testDebug('sees the same as the exec lens in an image that both can look into', async () => {
    const more = ['-p', profiles.files, '-p', profiles.system];
    const exec = await scanPod('debian-defects', ['--lens', 'exec', ...more]);
    const debug = await scanPod('debian-defects', ['--lens', 'debug', ...more]);
    expect(Object.keys(statuses(exec)).length).toBeGreaterThan(40);
    expect(statuses(debug)).toEqual(statuses(exec));
  });

  testDebug('leaves a debug container that has ended, and says so', async () => {
    const { ran, namespace } = await scanPod('distroless');
    const [container] = await debugContainers(namespace);
    expect(readScanJson(ran).targets).toMatchObject([{ observation: { leftBehind: container?.name } }]);
    // A kubelet tells of the end some time after it.
    await until('the end of the debug container', async () => (await debugContainers(namespace))[0]?.ended === true);
  });

  testDebug('reports an image that cannot start as what kept it from looking', async () => {
    const { ran } = await scanPod('distroless', ['--lens-image', 'cinc-scan.test/no-such-image:1']);
    expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'unreached', error: { code: 'LENS_UNAVAILABLE' } }]);
    expect(ran.code).toBe(4);
  });
});

test('a container without a shell is an error where no tools image was given', async () => {
  const { ran } = await scanPod('distroless', ['--lens', 'exec']);
  expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'unreached', error: { code: 'SHELL_MISSING' } }]);
  expect(ran.code).toBe(4);
});

async function debugContainers(namespace: string): Promise<{ name: string; ended: boolean }[]> {
  const { status }: Body = await cluster.api.call('GET', `/api/v1/namespaces/${namespace}/pods/web`);
  const found = (status?.['ephemeralContainerStatuses'] ?? []) as { name: string; state: { terminated?: object } }[];
  return found.map(({ name, state }) => ({ name, ended: state.terminated !== undefined }));
}
