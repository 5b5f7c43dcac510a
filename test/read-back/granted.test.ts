// SPDX-License-Identifier: Apache-2.0
// A run is what its folder says: shown again it is the run, byte for byte.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { scanValidator } from '../../packages/core/src/report/testing/validators.ts';
import { cincScan, profiles, readScanJson } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';

const cluster = await openTestCluster();
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const validate = scanValidator();

const files = {
  'waivers.yml': `account-group-file: {justification: over, run: false, expiration_date: 2020-01-01}
account-single-root: {justification: "moves in May; owner: ada", run: false, expiration_date: 2099-01-01}
`,
  'thresholds.yml': `default: {compliance.min: 99, failed.critical.max: 0}
targets:
  - {match: {namespace: elsewhere}, threshold: {compliance.min: 2}}
`,
};
// A checklist is made of profiles from a STIG alone. The console's width is that of the terminal.
const kinds =
  'markdown,hdf,hdf-annotated,junit,junit-gate,sarif,html,csv,codequality,scan,outputs,console:cinc-scan-results/console.txt';

const filesIn = (cwd: string) =>
  Object.fromEntries(
    readdirSync(join(cwd, 'cinc-scan-results')).map(name => [
      name,
      readFileSync(join(cwd, 'cinc-scan-results', name), 'utf8'),
    ]),
  );

test('a run with passes, failures, waivers, a baseline, warnings and a lost target is shown as it was judged', async () => {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian-defects' } });
  await createPod(cluster.api, { name: 'db', namespace, containers: { app: 'busybox' } });
  const cwd = folderWith(cluster, files);
  const asked = ['scan', 'web', 'db', '-n', namespace, '-p', profiles.firstLook, '--waivers', 'waivers.yml'];
  const first = await cincScan(cluster, [...asked, '--report', 'hdf', '-o', 'before', '-q'], { cwd });
  expect(first.code).toBe(3);
  const judged = ['--threshold', 'thresholds.yml', '--baseline', 'before', '--report', kinds];
  for (const [more, code] of [
    [[], 3],
    [['gone'], 4],
  ] as const) {
    const ran = await cincScan(cluster, [...asked, ...more, ...judged], { cwd });
    const second = folderWith(cluster, files); // code scanning points to files of the workspace
    const args = ['report', '-i', join(cwd, 'cinc-scan-results'), '--report', kinds];
    const shown = await cincScan(cluster, args, { cwd: second });
    expect([ran.code, shown.code]).toEqual([code, code]);
    expect([validate(readScanJson(ran)), validate.errors]).toEqual([true, null]);
    const [was, is] = [filesIn(cwd), filesIn(second)];
    expect(Object.keys(is)).toEqual(Object.keys(was));
    for (const name of Object.keys(was)) expect(`${name}: ${is[name]}`).toBe(`${name}: ${was[name]}`);
  }
});
