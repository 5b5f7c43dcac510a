// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { cincScan, type HdfJson, profiles, readHdf } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { plainInspec } from '../support/plain-inspec.ts';

const cluster = await openTestCluster();
const compared = [profiles.firstLook, profiles.files, profiles.system];

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** Every check by control: what was asked, what came of it, and what was said. */
function checks(hdf: HdfJson | undefined) {
  const controls = hdf?.profiles.flatMap(profile => profile.controls) ?? [];
  return controls.map(({ id, impact, results }) => ({
    id,
    impact,
    results: results.map(({ status, code_desc: asked, message }) => ({ status, asked, message })),
  }));
}

describe.each(['debian', 'debian-defects', 'busybox'])('a scan of %s', image => {
  test('says of every check what plain InSpec says inside the same root filesystem', async () => {
    const namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: image } });
    const plain = await plainInspec(join(cluster.folder, `plain-${image}`), image, compared);
    const args = compared.flatMap(profile => ['-p', profile]);
    const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, ...args]);
    const ours = readHdf(ran);
    for (const hdf of plain) {
      const [name = ''] = hdf.profiles.map(profile => profile.name);
      const scanned = [...ours].find(([file]) => file.endsWith(`_${name}.json`))?.[1];
      expect(checks(hdf).length).toBeGreaterThanOrEqual(12);
      expect({ name, checks: checks(scanned) }).toEqual({ name, checks: checks(hdf) });
    }
    expect(ran.code).toBe(3);
  });
});
