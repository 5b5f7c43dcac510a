// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ActionUse, type Ended, type Step } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';

builtDist(); // before anything is started: it may take a minute
const cluster = await openTestCluster();
const place = installAction(cluster.folder);
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'good', namespace, containers: { app: 'debian' } });
  await createPod(cluster.api, { name: 'bad', namespace, containers: { app: 'debian-defects' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const use = (inputs: Record<string, string>, step: Step = {}) =>
  new ActionUse(cluster, place, { ...step, inputs: { profile: profiles.firstLook, namespace, ...inputs } });

const levels = ['error', 'warning', 'notice'];
const annotations = ({ commands }: Ended) => commands.filter(({ name }) => levels.includes(name));

describe('a target that meets the gate', () => {
  let main: Ended;
  beforeAll(async () => {
    main = await use({ targets: 'good', reports: 'hdf,markdown\njunit' }).main();
  });

  test('is a success', () => {
    expect(main.log).toMatch(/PASS \(exit 0\)/);
    expect(main.code).toBe(0);
  });

  test('sets every output', () => {
    expect(main.outputs).toMatchObject({
      verdict: 'pass',
      reason: 'pass',
      'exit-code': '0',
      compliance: '100',
      'report-junit': 'cinc-scan-results/junit.xml',
      'report-hdf': `cinc-scan-results/${namespace}_good_app.json`,
    });
    expect(main.outputs['run-id']).toMatch(/^gh-9876543210-1-[a-z0-9]{6}$/);
    expect(JSON.parse(main.outputs['targets-json'] ?? '')).toEqual([expect.objectContaining({ outcome: 'audited' })]);
    expect(JSON.parse(main.outputs['counts'] ?? '')).toMatchObject({ failed: { total: 0 } });
  });

  test('has a summary with the verdict first, and reports in the workspace', () => {
    expect(main.summary).toMatch(/^## cinc-scan: PASS/);
    expect(main.summary).toContain('Reports on the runner');
    expect(readFileSync(join(main.workspace, 'cinc-scan-results/junit.xml'), 'utf8')).toContain('<testsuites');
  });

  test('has a log group for each stage, all of them closed', () => {
    const groups = main.commands.filter(({ name }) => name === 'group').map(({ message }) => message);
    expect(groups).toEqual([
      'Reading the profile and starting the engine',
      'Looking for the targets',
      'Making a temporary identity',
      'Auditing',
      'Revoking the identity',
      'Writing reports',
      'Showing the result',
    ]);
    expect(main.commands.filter(({ name }) => name === 'endgroup').length).toBeGreaterThanOrEqual(groups.length);
  });

  test('annotates nothing', () => {
    expect(annotations(main)).toEqual([]);
  });
});
