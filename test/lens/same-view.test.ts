// SPDX-License-Identifier: Apache-2.0
// Each resource of InSpec sees the same container through every lens, and nothing of the one beside it.
import { join } from 'node:path';
import { podBody, testImage } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { cincScan, type HdfJson, profiles, readHdf, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { makeInjected, makeRunning } from '../support/inject.ts';
import { enforced, restricted } from '../support/lens-scan.ts';

const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const command = ['sh', '-c', 'busybox httpd -f -p 127.0.0.1:7777 & exec /usr/bin/catatonit -P'];
const spec = { volumes: [{ name: 'scratch', emptyDir: {} }] };
const app = {
  name: 'app',
  image: testImage('debian-tools'),
  command,
  env: [{ name: 'WITNESS', value: 'container' }],
  volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
};
const neighbour = { name: 'neighbour', image: testImage('busybox'), command: ['sleep', '4242'] };

/** A pod with the witness and its neighbour. */
function witnessPod(namespace: string, container: object) {
  const pod = podBody({ name: 'web', namespace, containers: {}, spec });
  return { ...pod, spec: { ...pod.spec, containers: [container, neighbour] } };
}

interface Witness {
  container?: object;
}

async function injectedPod({ container = app }: Witness = {}): Promise<string> {
  return makeInjected(cluster, witnessPod(await cluster.namespace(), container));
}

async function plainPod({ container = app }: Witness = {}): Promise<string> {
  const body = witnessPod(await cluster.namespace(), container);
  return makeRunning(cluster, body, body);
}

const witness = join(profiles.system, '../witness');
const scan = (namespace: string, lens: string, which = [witness]): Promise<Transcript> =>
  cincScan(cluster, [
    'scan',
    'web',
    ...which.flatMap(profile => ['-p', profile]),
    ...Object.entries({ '-c': 'app', '-n': namespace, '--lens': lens, '--lens-image': testImage('tools') }).flat(),
  ]);

/** Every check that did not pass, with what was said of it. */
function notPassed(ran: Transcript) {
  return [...readHdf(ran).values()].flatMap((hdf: HdfJson) =>
    hdf.profiles.flatMap(profile =>
      profile.controls.flatMap(({ id, results }) =>
        results
          .filter(({ status }) => status !== 'passed')
          .map(({ code_desc: asked, message }) => ({ id, asked, message })),
      ),
    ),
  );
}

const pods = { exec: plainPod, debug: plainPod, sidecar: injectedPod };
type LensName = keyof typeof pods;
const lenses = (['exec', 'debug', 'sidecar'] satisfies LensName[]).filter(
  lens => lens !== 'debug' || cluster.minor >= 25,
);
if (!lenses.includes('debug'))
  process.stderr.write('cannot run before Kubernetes 1.25: the debug lens in these tests\n');

/** The worst result of each control. */
function statuses(ran: Transcript): Record<string, string> {
  const rank = ['passed', 'skipped', 'failed'];
  const controls = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
  const worst = (results: HdfJson['profiles'][0]['controls'][0]['results']) =>
    rank.findLast(status => results.some(each => each.status === status)) ?? 'none';
  return Object.fromEntries(controls.map(({ id, results }) => [id, worst(results)]));
}

// Debian as most images have it: without ps, ss, sysctl and mount.
const bare = { ...app, image: testImage('debian'), command: ['/usr/bin/catatonit', '-P'] };
const everything = [witness, profiles.firstLook, profiles.files, profiles.system];

test('an image without tools gives the same statuses through every lens, control by control', async () => {
  const found: Record<string, Record<string, string>> = {};
  for (const lens of lenses)
    found[lens] = statuses(await scan(await pods[lens]({ container: bare }), lens, everything));
  expect(Object.keys(found['exec'] ?? {}).length).toBeGreaterThan(50);
  expect(found['exec']).toMatchObject({
    mount: 'passed',
    'mount-table': 'passed',
    'processes-of-others': 'passed',
    'kernel-parameter': 'passed',
    user: 'failed', // there is no such account
    port: 'failed', // and nobody listens
  });
  // Their commands name programs that the image lacks and the tools image has.
  const lacking = { 'mount-command': 'failed', 'process-commands': 'failed' };
  expect(found['exec']).toMatchObject(lacking);
  for (const lens of lenses) expect({ lens, ...found[lens], ...lacking }).toEqual({ lens, ...found['exec'] });
});

embeddedTest(
  'a view of files only answers what files and kernel tables tell, and finds nothing that is not there',
  async () => {
    const namespace = await cluster.namespace(enforced('restricted'));
    const containers = [app, neighbour].map(each => ({ ...each, ...restricted }));
    const pod = witnessPod(namespace, app);
    await makeRunning(cluster, pod, { ...pod, spec: { ...pod.spec, containers } });
    const ran = await scan(namespace, 'debug');
    expect(readScanJson(ran).targets).toMatchObject([{ observation: { lens: 'debug', view: 'files-only' } }]);
    const found = statuses(ran);
    const ids = (status: string) =>
      Object.keys(found)
        .filter(id => found[id] === status)
        .toSorted();
    expect(ids('failed')).toEqual([]);
    const answered = ['group', 'hosts', 'kernel-parameter', 'mount', 'os', 'package', 'passwd', 'programs'];
    expect(ids('passed')).toEqual(answered);
    expect(ids('skipped')).toEqual(
      Object.keys(found)
        .filter(id => !answered.includes(id))
        .toSorted(),
    );
  },
);

describe.each(lenses)('through the %s lens', lens => {
  test('every resource tells of the container and of nothing beside it', async () => {
    const ran = await scan(await pods[lens](), lens);
    expect(notPassed(ran)).toEqual([]);
    expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'audited', observation: { lens, view: 'full' } }]);
    expect(ran.code).toBe(0);
  });
});
