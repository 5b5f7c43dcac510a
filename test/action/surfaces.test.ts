// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ActionUse, type Ended, type Step } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { type Github, githubToken, startGithub } from '../support/github.ts';

builtDist();
const cluster = await openTestCluster();
const place = installAction(cluster.folder);
let namespace = '';
let github: Github;

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'good', namespace, containers: { app: 'debian' } });
  await createPod(cluster.api, { name: 'bad', namespace, containers: { app: 'debian-defects' } });
});
beforeEach(async () => {
  github = await startGithub();
});
afterEach(async () => {
  await github.close();
  await cluster.expectNothingLeft();
});
afterAll(() => cluster.close());

const pull = (fork: boolean) => ({
  pull_request: {
    number: 7,
    head: { sha: '0123', repo: { full_name: fork ? 'somebody/shop' : 'example/shop' } },
    base: { repo: { full_name: 'example/shop' } },
  },
});

const use = (inputs: Record<string, string>, step: Step = {}) =>
  new ActionUse(cluster, place, {
    ...step,
    env: { ...github.env(), ...step.env },
    inputs: { profile: profiles.firstLook, namespace, targets: 'bad', 'github-token': githubToken, ...inputs },
  }).main();

const said = ({ commands }: Ended, level: string, title: string) =>
  commands
    .filter(({ name, properties }) => name === level && properties['title'] === title)
    .map(({ message }) => message);

describe('code scanning', () => {
  test('gets the findings of the commit, and the summary has a link', async () => {
    const main = await use({ 'upload-sarif': 'true' });
    expect(main.code).toBe(3);
    const [upload] = github.sarif;
    expect(upload).toMatchObject({ commit: '1f1e1d1c1b1a19181716151413121110f0e0d0c0', ref: 'refs/heads/main' });
    const sarif = JSON.parse(upload?.text ?? '') as { runs: { results: unknown[] }[] };
    expect(sarif.runs[0]?.results.length).toBeGreaterThan(5);
    expect(github.asked[0]?.authorization).toBe(`Bearer ${githubToken}`);
    expect(main.summary).toContain('[Code scanning alerts](https://github.com/example/shop/security/code-scanning');
  });

  test.each([403, 404])('refused with %i is one notice, and the verdict stands', async status => {
    github.refusals.push({ path: /code-scanning/, status });
    const main = await use({ 'upload-sarif': 'true' });
    expect(main.code).toBe(3);
    expect(main.outputs['verdict']).toBe('fail');
    expect(said(main, 'notice', 'cinc-scan: no code scanning')).toEqual([
      expect.stringContaining('permissions: security-events: write'),
    ]);
  });

  test('is not asked by a run from a fork', async () => {
    const main = await use({ 'upload-sarif': 'true' }, { event: pull(true) });
    expect(github.asked).toEqual([]);
    expect(said(main, 'notice', 'cinc-scan: no code scanning')).toHaveLength(1);
  });

  test('hears nothing of a run that saw nothing', async () => {
    const main = await use({ 'upload-sarif': 'true', targets: 'nobody' });
    expect(main.code).toBe(4);
    expect(github.sarif).toEqual([]);
  });

  test('out of reach is one warning, and a pass stays a pass', async () => {
    const main = await use(
      { 'upload-sarif': 'true', targets: 'good' },
      { env: { GITHUB_API_URL: 'http://127.0.0.1:9' } },
    );
    expect(main.code).toBe(0);
    expect(said(main, 'warning', 'cinc-scan: code scanning failed')).toHaveLength(1);
  });
});

describe('the comment in a pull request', () => {
  test('is written once and renewed by the next run', async () => {
    await use({ comment: 'true', targets: 'good' }, { event: pull(false) });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toMatch(/^<!-- cinc-scan:[0-9a-f]{16} -->\n## cinc-scan: PASS/);
    github.comments[0] = { ...(github.comments[0] as Github['comments'][number]) };
    const main = await use({ comment: 'true', targets: 'good', 'fail-on': 'low' }, { event: pull(false) });
    expect(main.code).toBe(0);
    expect(github.comments).toHaveLength(1);
    await use({ comment: 'true', targets: 'bad' }, { event: pull(false) });
    expect(github.comments).toHaveLength(2);
  });

  test('of a stranger with our mark is left alone, on whichever page it stands', async () => {
    await use({ comment: 'true', targets: 'good' }, { event: pull(false) });
    const mark = github.comments[0]?.body ?? '';
    const stranger = { user: { type: 'User' }, author_association: 'NONE' };
    github.comments = Array.from({ length: 130 }, (_, index) => ({ id: index + 1, body: mark, ...stranger }));
    await use({ comment: 'true', targets: 'good' }, { event: pull(false) });
    expect(github.comments).toHaveLength(131);
    expect(github.asked.filter(({ method }) => method === 'PATCH')).toEqual([]);
  });

  test.each([
    ['outside a pull request', {}, []],
    ['from a fork', { event: pull(true) }, []],
  ] as [string, Step, unknown[]][])('is not tried %s', async (_where, step, asked) => {
    const main = await use({ comment: 'true', targets: 'good' }, step);
    expect(main.code).toBe(0);
    expect(github.asked).toEqual(asked);
    expect(said(main, 'notice', 'cinc-scan: no comment')).toHaveLength(1);
  });

  test('with a token that may only read is one notice', async () => {
    github.refusals.push({ path: /\/issues\/7\/comments$/, status: 403 });
    const main = await use({ comment: 'true', targets: 'good' }, { event: pull(false) });
    expect(main.code).toBe(0);
    expect(said(main, 'notice', 'cinc-scan: no comment')[0]).toContain('permissions: pull-requests: write');
  });
});

describe('the artifact', () => {
  test('holds the reports', async () => {
    const main = await use({ 'upload-artifact': 'true', 'run-id': 'artifact-run' });
    expect(main.code).toBe(3);
    const bytes = github.artifacts.get('cinc-scan-artifact-run');
    expect(bytes?.subarray(0, 2).toString()).toBe('PK');
    for (const name of ['summary.md', 'scan.json', `${namespace}_bad_app.json`])
      expect(bytes?.toString('latin1')).toContain(name);
    expect(main.summary).toContain('/actions/runs/9876543210/artifacts/4711');
  });

  test('is not there on an Enterprise Server: one notice with the paths', async () => {
    const main = await use(
      { 'upload-artifact': 'true', targets: 'good' },
      { env: { GITHUB_SERVER_URL: 'https://git.example.org' } },
    );
    expect(main.code).toBe(0);
    expect(github.asked).toEqual([]);
    expect(said(main, 'notice', 'cinc-scan: no artifact')[0]).toContain('cinc-scan-results/summary.md');
  });

  test('that fails is one warning, and the verdict stands', async () => {
    const main = await use(
      { 'upload-artifact': 'true', targets: 'good' },
      { env: { ACTIONS_RUNTIME_TOKEN: 'broken-token' } },
    );
    expect(main.code).toBe(0);
    expect(said(main, 'warning', 'cinc-scan: artifact failed')).toHaveLength(1);
  });
});

describe('the summary', () => {
  test('of a large run stays below the limit of GitHub and says what it left out', async () => {
    const controls = Array.from(
      { length: 2500 },
      (_, index) =>
        `control 'control-${index}-${'x'.repeat(180)}' do\n  title '${'y'.repeat(290)}'\n  impact 0.5\n  describe(${index}) { it { should cmp -1 } }\nend\n`,
    );
    const workspace = folderWith(cluster, {
      'large/inspec.yml': 'name: large\nversion: 1.0.0\n',
      'large/controls/large.rb': controls.join('\n'),
    });
    const main = await use({ profile: './large' }, { workspace });
    expect(main.code).toBe(3);
    expect(Buffer.byteLength(main.summary)).toBeLessThan(1024 * 1024);
    expect(main.summary).toMatch(/^## cinc-scan: FAIL/);
    expect(main.summary).toContain('Left out to stay below');
  });

  test('that cannot be written changes nothing', async () => {
    const main = await use({ targets: 'good' }, { env: { GITHUB_STEP_SUMMARY: '/nowhere/summary' } });
    expect(main.code).toBe(0);
    expect(said(main, 'warning', 'cinc-scan: summary failed')).toHaveLength(1);
  });
});

describe('reports', () => {
  test('stay in the workspace, which is elsewhere than the action', async () => {
    const main = await use({ reports: 'html' });
    expect(readFileSync(join(main.workspace, main.outputs['report-html'] ?? ''), 'utf8')).toContain('<!doctype html>');
    expect(main.workspace.startsWith(place)).toBe(false);
  });
});
