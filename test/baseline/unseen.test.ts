// SPDX-License-Identifier: Apache-2.0
// What container-baseline says where it cannot look: not reviewed and why, never passed and never failed.
import { createPod, testImage } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { cincScan, profiles, readHdf, readScanJson } from '../support/cinc-scan.ts';
import { debugTest, openTestCluster } from '../support/cluster.ts';
import { enforced, restricted } from '../support/lens-scan.ts';

const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const testDebug = debugTest(cluster);

interface Wanted {
  image: string;
  lens: string;
  container?: Record<string, unknown>;
  labels?: Record<string, string>;
}

interface Said {
  id: string;
  status: string;
  why: string;
}

async function scan({ image, lens, container = {}, labels = {} }: Wanted): Promise<{ said: Said[]; view: unknown }> {
  const namespace = await cluster.namespace(labels);
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: image }, container });
  const args = ['scan', 'web', '-n', namespace, '-p', profiles.baseline, '--lens', lens];
  const ran = await cincScan(cluster, [...args, '--lens-image', testImage('tools')]);
  expect(ran.code).toBe(3); // the strictest gate: not reviewed is not passed
  const [target] = readScanJson(ran).targets;
  const controls = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
  const said = controls.map(({ id, results }) => {
    const [only] = results as { status: string; skip_message?: string; message?: string; exception?: string }[];
    return { id, status: only?.status ?? 'none', why: only?.skip_message ?? only?.exception ?? only?.message ?? '' };
  });
  return { said, view: target?.observation };
}

const small = { ...restricted, resources: { limits: { memory: '128Mi' } } };

test('without a single tool in the container nothing is judged but that a file is not there', async () => {
  const container = { env: [{ name: 'PATH', value: '/nowhere' }] };
  const { said } = await scan({ image: 'debian', lens: 'exec', container });
  expect(said.length).toBeGreaterThan(40);
  expect(said.filter(({ status, why }) => status === 'skipped' && why === '')).toEqual([]);
  const judged = said.filter(({ status }) => status !== 'skipped').map(({ id, status }) => `${id} ${status}`);
  expect(judged.toSorted()).toEqual([
    'system-no-preload passed',
    'system-time-zone passed',
    'trust-bundle-protected failed',
  ]);
});

test('folders that are closed to the user keep "nothing found" from being a pass, and are named', async () => {
  const { said } = await scan({ image: 'debian', lens: 'exec', container: small });
  const about = new Map(said.map(each => [each.id, each]));
  for (const id of [
    'secret-no-private-key',
    'file-none-world-writable',
    'artefact-no-source-control',
    'service-no-ssh',
  ])
    expect(about.get(id)).toMatchObject({ status: 'skipped', why: expect.stringContaining('/root') });
  // One finding is enough to fail, whatever else could not be seen.
  for (const id of ['file-no-setuid', 'program-no-shell']) expect(about.get(id)).toMatchObject({ status: 'failed' });
  // Only root may read it.
  expect(about.get('account-no-empty-password')).toMatchObject({ why: expect.stringContaining('/etc/shadow') });
});

test('what only you can know is not guessed', async () => {
  const { said } = await scan({ image: 'busybox', lens: 'exec' });
  const inputs = { 'network-only-expected-ports': 'allowed_ports', 'process-only-expected': 'allowed_processes' };
  for (const [id, input] of Object.entries(inputs))
    expect(said.find(each => each.id === id)).toMatchObject({ status: 'skipped', why: expect.stringContaining(input) });
});

testDebug('a view of files alone answers what files tell, and nothing else', async () => {
  const { said, view } = await scan({
    image: 'baseline-nonroot',
    lens: 'debug',
    container: small,
    labels: enforced('restricted'),
  });
  expect(view).toMatchObject({ view: 'files-only' });
  expect(
    said
      .filter(({ status }) => status === 'passed')
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual([
    'account-files-protected',
    'account-no-empty-password',
    'account-no-password',
    'account-one-root',
    'account-passwords-closed',
    'account-unique',
    'kernel-memory-limited',
    'system-maintained',
    'system-no-preload',
    'system-time-zone',
    'trust-authorities-current',
    'trust-bundle-protected',
  ]);
  expect(said.filter(({ status, why }) => status === 'failed' || (status === 'skipped' && why === ''))).toEqual([]);
});
