// SPDX-License-Identifier: Apache-2.0
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect } from '@jest/globals';
import { cincScan, profiles, readHdf, readScanJson } from '../support/cinc-scan.ts';
import { embeddedTest, isEmbedded, openTestCluster, type TestCluster } from '../support/cluster.ts';

// Elsewhere the version is what it is.
const [old, recent] = isEmbedded
  ? await Promise.all([openTestCluster({ version: '1.26' }), openTestCluster({ version: '1.36' })])
  : [];
const open = [old, recent].filter(cluster => cluster !== undefined);

afterEach(() => Promise.all(open.map(cluster => cluster.expectNothingLeft())));
afterAll(() => Promise.all(open.map(cluster => cluster.close())));

/** Every check by control, as a scan on this cluster has it. */
async function scanOn(cluster: TestCluster | undefined, image: string) {
  if (cluster === undefined) throw new Error('there is no such cluster');
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: image } });
  const more = [profiles.files, profiles.system].flatMap(profile => ['-p', profile]);
  const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, ...more]);
  const checks = [...readHdf(ran).values()].flatMap(({ profiles: audited }) =>
    audited.flatMap(({ controls }) =>
      controls.map(({ id, results }) => [id, results.map(({ status, message }) => [status, message])]),
    ),
  );
  return {
    code: ran.code,
    checks,
    version: (readScanJson(ran) as unknown as { cluster: { version: string } }).cluster.version,
  };
}

describe('a server before 1.30, which speaks the fourth version of the exec protocol,', () => {
  for (const image of ['debian-defects', 'busybox'])
    embeddedTest(`shows the same of ${image} as a recent one`, async () => {
      const [before, now] = [await scanOn(old, image), await scanOn(recent, image)];
      expect(before.version).toMatch(/^v1\.26\./);
      expect(now.version).toMatch(/^v1\.36\./);
      expect(before.checks.length).toBeGreaterThan(30);
      expect({ ...before, version: '' }).toEqual({ ...now, version: '' });
    });
});
