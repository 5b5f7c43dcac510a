// SPDX-License-Identifier: Apache-2.0
import { basename, join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { cincScan, type HdfJson, readHdf } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { writeCommunityProfiles } from '../support/community-profiles.ts';
import { told } from '../support/compared.ts';
import { folderWith } from '../support/folder.ts';
import { plainInspec } from '../support/plain-inspec.ts';

const cluster = await openTestCluster();
const community = writeCommunityProfiles(folderWith(cluster, {}));

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

describe.each(['debian', 'busybox'])('a scan of %s with profiles of the community', image => {
  test('says what plain InSpec says, overlays, resources, conditions, loops and 300 controls included', async () => {
    const namespace = await cluster.namespace();
    // Named as the container of the comparison is, since a profile sees that name.
    await createPod(cluster.api, { name: 'plain', namespace, containers: { app: image } });
    const plain = await plainInspec(join(cluster.folder, `plain-${image}`), image, community.all);
    const args = community.scanned.flatMap(profile => ['-p', profile]);
    const ran = await cincScan(cluster, ['scan', 'plain', '-n', namespace, '-q', ...args]);
    const ours = [...readHdf(ran).values()];
    expect({ code: ran.code, stderr: ran.stderr, results: ours.length }).toMatchObject({ code: 3, results: 3 });
    const called = (all: HdfJson[], name: string) => all.find(({ profiles: [first] }) => first?.name === name);
    for (const name of community.scanned.map(profile => basename(profile)))
      expect({ name, told: told(called(ours, name)) }).toEqual({ name, told: told(called(plain, name)) });
    const below = called(ours, 'hardening-overlay')?.profiles.map(({ name }) => name);
    expect(below).toEqual(expect.arrayContaining(['hardening-base']));
    const rules = called(ours, 'stig-like')?.profiles[0]?.controls ?? [];
    expect(rules).toHaveLength(300);
    const statuses = new Set(rules.flatMap(({ results }) => results.map(({ status }) => status)));
    expect(statuses.size).toBeGreaterThan(1);
  });
});
