// SPDX-License-Identifier: Apache-2.0
// What a view cannot show is neither a pass nor a finding: it is not reviewed, counted, and refused where all was demanded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect } from '@jest/globals';
import { cincScan, profiles, readHdf, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { controlStatuses, debugContainers, enforced, idsOf, restricted, scanArgs } from '../support/lens-scan.ts';

const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

async function restrictedPod(): Promise<string> {
  const namespace = await cluster.namespace(enforced('restricted'));
  await createPod(cluster.api, {
    name: 'web',
    namespace,
    containers: { app: 'distroless-nonroot' },
    container: restricted,
  });
  return namespace;
}

const skipReasons = (ran: Transcript) =>
  [...readHdf(ran).values()].flatMap(hdf =>
    hdf.profiles.flatMap(({ controls }) =>
      controls.flatMap(({ results }) => results.flatMap(({ skip_message: reason }) => reason ?? [])),
    ),
  );

const summary = ({ cwd }: Transcript) => readFileSync(join(cwd, 'cinc-scan-results/summary.md'), 'utf8');

describe('a view of files only', () => {
  embeddedTest('counts what it could not answer, and every report for people says so', async () => {
    const ran = await cincScan(cluster, scanArgs(await restrictedPod(), profiles.firstLook));
    const [target] = readScanJson(ran).targets;
    const skipped = idsOf(controlStatuses(ran), 'skipped').length;
    expect(skipped).toBeGreaterThan(0);
    expect(skipReasons(ran).every(reason => reason.includes('this view') || reason.includes('only the files'))).toBe(
      true,
    );
    expect(target?.observation).toMatchObject({ view: 'files-only', notSeen: expect.any(Number) });
    expect(target?.observation?.notSeen).toBeGreaterThanOrEqual(skipped);
    expect(summary(ran)).toMatch(
      /controls are not reviewed where this view had no answer, in \S+\/web\/app &#40;\d+ questions&#41;/,
    );
  });

  embeddedTest('is an error where all of the target has to be seen, and the debug container has ended', async () => {
    const namespace = await restrictedPod();
    const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook, '--require-view', 'full'));
    expect(readScanJson(ran).targets).toMatchObject([
      {
        outcome: 'unreached',
        error: { code: 'VIEW_PARTIAL', message: expect.stringMatching(/chroot .*CAP_SYS_CHROOT/) },
      },
    ]);
    expect(JSON.parse(readFileSync(join(ran.cwd, 'cinc-scan-results/outputs.json'), 'utf8'))).toMatchObject({
      verdict: 'error',
      reason: 'VIEW_PARTIAL',
    });
    expect(readHdf(ran).size).toBe(0);
    expect(ran.code).toBe(4);
    expect(await debugContainers(cluster, namespace)).toMatchObject([{ ended: true }]);
  });

  embeddedTest('is what it is for a request that demands all, where all can be seen', async () => {
    const namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'distroless-nonroot' } });
    const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook, '--require-view', 'full'));
    expect(readScanJson(ran).targets).toMatchObject([{ observation: { view: 'full', notSeen: 0 } }]);
    expect(ran.code).toBe(0);
  });
});

embeddedTest('packages that only the missing program of the target could tell of are not reviewed', async () => {
  const cwd = folderWith(cluster, {
    'rpm/inspec.yml': 'name: rpm\nversion: 1.0.0\n',
    'rpm/controls/a.rb': [
      "control('os') { describe(os.family) { it { should eq 'redhat' } } }",
      "control('installed') { describe(package('bash')) { it { should be_installed } } }",
      "control('absent') { describe(package('telnet-server')) { it { should_not be_installed } } }",
      "control('list') { describe(packages(/telnet/)) { its('names') { should be_empty } } }",
      '',
    ].join('\n'),
  });
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'distroless-rpm' } });
  const ran = await cincScan(cluster, scanArgs(namespace, join(cwd, 'rpm')));
  expect(controlStatuses(ran)).toEqual({ os: 'passed', installed: 'skipped', absent: 'skipped', list: 'skipped' });
  expect(new Set(skipReasons(ran))).toEqual(
    new Set(['the database of rpm cannot be read without the program of the target']),
  );
  expect(ran.code).toBe(3);
});
