// SPDX-License-Identifier: Apache-2.0
// Profiles as they are found in the world: each can be read, and says what plain InSpec says.
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type HdfJson, readHdf, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { told } from '../support/compared.ts';
import { folderWith } from '../support/folder.ts';
import { plainInspec } from '../support/plain-inspec.ts';
import { writeFiles } from '../support/profiles.ts';
import { worldProfiles as all } from '../support/world-profiles.ts';

const cluster = await openTestCluster();
const folder = folderWith(cluster, {});
let namespace = '';
let plain: HdfJson[] = [];
let ran: Transcript;

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'plain', namespace, containers: { app: 'debian' } });
  for (const { name, files } of all) writeFiles(join(folder, name), files);
  const paths = all.map(({ name }) => join(folder, name));
  plain = await plainInspec(join(cluster.folder, 'plain-world'), 'debian', paths);
  const args = all.flatMap(({ name }) => ['-p', join(folder, name)]);
  ran = await cincScan(cluster, ['scan', 'plain', '-n', namespace, '-q', ...args]);
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

describe('a profile', () => {
  test.each(all)('$name: $what', ({ name }) => {
    const ours = [...readHdf(ran).values()].find(({ profiles: [first] }) => first?.name === name);
    const theirs = plain[all.findIndex(each => each.name === name)];
    expect(ours === undefined ? ran.stderr : told(ours)).toEqual(told(theirs));
    const found = ours?.profiles.flatMap(({ controls }) => controls.flatMap(({ results }) => results)) ?? [];
    expect(found.map(({ status }) => status)).toContain('passed');
  });
});
