// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ActionUse, type Ended, type Step } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { cincScan, profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { kubeconfigWith } from '../support/kubeconfig.ts';

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

test('a request document is run with what its profile holds, and not with other inputs', async () => {
  const asked = ['scan', 'good', '-n', namespace, '-p', profiles.firstLook];
  const { stdout } = await cincScan(cluster, [...asked, '--print-request']);
  const workspace = folderWith(cluster, { 'request.json': stdout });
  const alone = { profile: '', namespace: '', request: 'request.json' };
  const main = await use(alone, { workspace }).main();
  expect({ code: main.code, verdict: main.outputs['verdict'] }).toEqual({ code: 0, verdict: 'pass' });
  const mixed = await use({ ...alone, threshold: '90' }, { workspace }).main();
  expect(mixed.code).toBe(2);
  expect(mixed.raw).toContain('The input threshold cannot be combined with a request document, which is whole');
});

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
    const [first, ...marks] = main.commands.map(({ name }) => name).filter(name => /^(?:end)?group$/.test(name));
    expect([first, ...marks]).toEqual(groups.flatMap(() => ['group', 'endgroup']));
  });

  test('annotates nothing', () => {
    expect(annotations(main)).toEqual([]);
  });
});

describe('a target with defects', () => {
  let main: Ended;
  beforeAll(async () => {
    main = await use({ targets: 'bad' }).main();
  });

  test('fails the step, and the outputs tell why', () => {
    expect(main.code).toBe(3);
    expect(main.outputs).toMatchObject({ verdict: 'fail', reason: 'below-threshold', 'exit-code': '3' });
  });

  test('annotates the worst findings first, and ten things at most', () => {
    const found = annotations(main);
    expect(found.length).toBeLessThanOrEqual(10);
    expect(found[0]).toMatchObject({
      name: 'error',
      properties: { title: expect.stringContaining('critical') as unknown },
    });
    expect(found.at(-1)).toMatchObject({ name: 'error', properties: { title: 'cinc-scan' } });
    expect(found.at(-1)?.message).toMatch(/FAIL \(exit 3\)/);
  });

  test('has its findings in the summary', () => {
    expect(main.summary).toMatch(/^## cinc-scan: FAIL/);
    expect(main.summary).toContain('account-single-root');
  });

  test('leaves nothing for the post step', () => {
    expect(main.state['objects']).toBe('');
  });
});

describe('what changes an answer, and what does not', () => {
  test('report-only makes a failed gate a success with a warning', async () => {
    const main = await use({ targets: 'bad', 'report-only': 'true' }).main();
    expect(main.code).toBe(0);
    expect(main.outputs).toMatchObject({ verdict: 'fail', 'exit-code': '0' });
    expect(annotations(main).at(-1)).toMatchObject({ name: 'warning', properties: { title: 'cinc-scan' } });
  });

  test('report-only leaves an error an error: a pod that is not there', async () => {
    const main = await use({ targets: 'good\nnobody', 'report-only': 'true' }).main();
    expect(main.code).toBe(4);
    expect(main.outputs).toMatchObject({ verdict: 'error', reason: 'TARGET_NOT_FOUND', 'exit-code': '4' });
    expect(annotations(main)[0]?.properties['title']).toContain('TARGET_NOT_FOUND');
    expect(main.summary).toMatch(/^## cinc-scan: ERROR/);
  });

  test('a cluster out of reach is an error with outputs and a summary', async () => {
    const away = kubeconfigWith(cluster, 'away', { server: { server: 'https://127.0.0.1:9' } });
    const kubeconfig = readFileSync(away, 'utf8');
    const main = await use({ targets: 'good', kubeconfig }).main();
    expect(main.code).toBe(4);
    expect(main.outputs).toMatchObject({ verdict: 'error', reason: 'CLUSTER_UNREACHABLE' });
    expect(main.summary).toContain('Not judged');
  });

  test('a dry run shows what would be made, and makes nothing', async () => {
    const main = await use({ targets: 'good', 'dry-run': 'true' }).main();
    expect(main.code).toBe(0);
    expect(main.log).toContain('kind: RoleBinding');
    expect(main.state['objects']).toBeUndefined();
  });

  test('summary and annotations can be left out', async () => {
    const main = await use({ targets: 'bad', summary: 'false', annotations: 'false' }).main();
    expect(main.summary).toBe('');
    expect(annotations(main)).toHaveLength(1);
  });

  test('a configuration file of the workspace counts, and an input wins over it', async () => {
    const workspace = folderWith(cluster, { 'cinc-scan.yml': `targets: [bad]\nfail-on: low\n` });
    const main = await use({ targets: 'good' }, { workspace }).main();
    expect(JSON.parse(main.outputs['targets-json'] ?? '')).toEqual([expect.objectContaining({ result: 'pass' })]);
  });

  test('reports name inputs, not flags, where they say what to do', async () => {
    const main = await use({ targets: 'good', lens: 'debug', reports: 'html,markdown,junit' }).main();
    expect(main.outputs).toMatchObject({ reason: 'LENS_UNAVAILABLE', 'exit-code': '4' });
    const folder = join(main.workspace, 'cinc-scan-results');
    const texts = readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8'));
    for (const text of [main.raw, main.summary, ...texts]) expect(text).not.toContain('--lens-image');
    expect(texts.filter(text => text.includes('Pass lens-image'))).not.toEqual([]);
  });

  test('a step that says nothing ends no group that it did not begin', async () => {
    const quiet = { 'log-level': 'quiet', summary: 'false', annotations: 'false' };
    const groups = (main: Ended) => main.commands.filter(({ name }) => name.endsWith('group'));
    expect(groups(await use({ targets: 'good', ...quiet }).main())).toEqual([]);
    expect(groups(await use({ targets: 'good', targts: 'x' }).main())).toEqual([]);
  });
});
