// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { cincScan, profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';

const cluster = await openTestCluster();
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const files = {
  'waivers.yml': `no-such-control: {justification: a slip, run: false, expiration_date: 2099-01-01}
account-group-file: {justification: over, run: false, expiration_date: 2020-01-01}
account-single-root: {justification: forever, run: true}
`,
  'thresholds.yml': `default: {compliance.min: 1}
targets:
  - {match: {namespace: elsewhere}, threshold: {compliance.min: 2}}
`,
};

describe('what is odd about a request and no reason to refuse it', () => {
  test('is said while it runs and in the manifest, and changes no exit code', async () => {
    const namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
    const cwd = folderWith(cluster, files);
    const asked = ['--waivers', 'waivers.yml', '--threshold', 'thresholds.yml'];
    const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, ...asked], { cwd });
    expect(ran.code).toBe(0);
    const manifest = JSON.parse(readFileSync(join(cwd, 'cinc-scan-results/scan.json'), 'utf8')) as {
      warnings: string[];
    };
    const expected = [
      'waivers waivers.yml: "account-group-file": the waiver expired on 2020-01-01, so the control counts',
      'waivers waivers.yml: "account-single-root": the waiver has no expiration_date',
      'waivers waivers.yml: "account-single-root": the control is run and counts, as the waiver does not say run: false',
      'waivers: no profile has the controls "no-such-control"',
      'threshold: targets[0] (namespace: elsewhere) matches no target of this run',
    ];
    expect(manifest.warnings).toEqual(expected);
    for (const text of expected) expect(ran.stderr).toContain(text);
  });
});

describe('a waived control that is not run', () => {
  test('leaves its finding out, and keeps its title, its impact and its tags', async () => {
    const namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian-defects' } });
    const waiver = '{justification: "ada: known, moves in May", run: false, expiration_date: 2099-01-01}';
    const scan = async (cwd: string, ...more: string[]) => {
      const args = ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, '--report', 'hdf:r.json', ...more];
      const ran = await cincScan(cluster, args, { cwd });
      const { profiles: found } = JSON.parse(readFileSync(join(cwd, 'r.json'), 'utf8')) as {
        profiles: { controls: (Record<string, unknown> & { id: string; results: { status: string }[] })[] }[];
      };
      return { code: ran.code, controls: found[0]?.controls ?? [] };
    };
    const plain = await scan(folderWith(cluster, {}));
    expect(plain.code).toBe(3);
    const failed = plain.controls.filter(({ results }) => results.some(({ status }) => status === 'failed'));
    const waivers = failed.map(({ id }) => `${id}: ${waiver}\n`).join('');
    const waived = await scan(folderWith(cluster, { 'waivers.yml': waivers }), '--waivers', 'waivers.yml');
    expect(waived.code).toBe(0);
    for (const { id, title, impact, tags, descriptions } of failed)
      expect(waived.controls.find(control => control.id === id)).toMatchObject({
        title,
        impact,
        tags,
        descriptions,
        waiver_data: { skipped_due_to_waiver: true, justification: 'ada: known, moves in May' },
      });
  });
});
