// SPDX-License-Identifier: Apache-2.0
// Profiles do what nobody here would write. Each of these small ones has to get the results that plain InSpec gives
// inside the same root filesystem, control by control.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type HdfJson, readHdf, readScanJson, root, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { plainInspec } from '../support/plain-inspec.ts';

const cluster = await openTestCluster();
const folder = join(root, 'test/fixtures/profiles/unusual');
const names = readdirSync(folder);
const image = 'debian';

let plain: HdfJson[] = [];
let ours: Map<string, HdfJson>;
let ran: Transcript;
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: image } });
  const paths = names.map(name => join(folder, name));
  plain = await plainInspec(join(cluster.folder, 'plain'), image, paths);
  ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, ...paths.flatMap(path => ['-p', path])]);
  ours = readHdf(ran);
}, 600_000);
afterAll(() => cluster.close());

/** What was asked, what came of it and what was said, without what is another in each run. */
function controlsOf(hdf: HdfJson | undefined) {
  const known = (text: string | undefined) =>
    text?.replaceAll(/0x[0-9a-f]{16}/g, '0x').replaceAll(/\/\S+\/controls\/controls\.rb/g, 'controls.rb');
  return hdf?.profiles
    .flatMap(profile => profile.controls)
    .map(({ id, results }) => ({
      id: [id].join(), // InSpec writes a number as one
      results: results.map(({ status, code_desc: asked, message }) => ({
        status,
        asked: known(asked),
        message: known(message),
      })),
    }));
}

describe('a scan', () => {
  test.each(names)('gives every control of "%s" the result that plain InSpec gives it', name => {
    const scanned = [...ours].find(([file]) => file.endsWith(`_${name}.json`))?.[1];
    const reference = plain.find(hdf => hdf.profiles[0]?.name === name);
    expect(controlsOf(reference)?.length).toBeGreaterThan(0);
    expect(controlsOf(scanned)).toEqual(controlsOf(reference));
  });

  test('loses no target by any of them', () => {
    const { targets } = readScanJson(ran);
    expect(targets.map(({ outcome, error }) => ({ outcome, error }))).toEqual(
      names.map(() => ({ outcome: 'audited', error: null })),
    );
  });
});
