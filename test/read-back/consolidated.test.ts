// SPDX-License-Identifier: Apache-2.0
// A real scan beside other scanners: what it did not reach did not look.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { cincScan, profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';

const cluster = await openTestCluster();
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const own = { id: 'ours', tool: 'cinc-scan', area: 'resources', folder: 'cinc-scan-results' };
const sources = JSON.stringify({ scope: 'prod', sources: [own] });

test('a scan is a source with a place for each workload, and one that it did not find is an error', async () => {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian-defects' } });
  const cwd = folderWith(cluster, { 'cinc-scan.sources.yml': sources });
  const scan = (...targets: string[]) =>
    cincScan(cluster, ['scan', ...targets, '-n', namespace, '-p', profiles.firstLook, '-q'], { cwd });
  const consolidate = (...args: string[]) =>
    cincScan(cluster, ['consolidate', '--store', 'kept', '--state-missing', 'seed', ...args], { cwd });
  const findings = () =>
    JSON.parse(readFileSync(join(cwd, 'cinc-scan-findings/findings.json'), 'utf8')) as {
      sources: { kind: string; target: string }[];
      findings: { status: string; target: string }[];
    };

  expect((await scan('web')).code).toBe(3);
  const first = await consolidate('--fail-on-new', 'low');
  expect([first.code, first.stderr]).toEqual([0, '']);
  const target = expect.stringMatching(new RegExp(`^workload:[^/]+/${namespace}/Pod/web/app$`));
  expect(findings().sources).toMatchObject([{ kind: 'looked', target }]);
  expect(findings().findings.length).toBeGreaterThan(0);

  expect((await scan('web', 'gone')).code).toBe(4);
  const second = await consolidate('--fail-on-new', 'low');
  expect([second.code, second.stderr]).toEqual([4, expect.stringContaining('TARGET_NOT_FOUND')]);
  expect(
    findings()
      .sources.map(({ kind }) => kind)
      .toSorted(),
  ).toEqual(['looked', 'not-looked']);
  expect(findings().findings.every(finding => finding.status === 'known')).toBe(true);
});
