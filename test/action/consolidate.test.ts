// SPDX-License-Identifier: Apache-2.0
// The step with a file of sources: what other scanners left, judged and shown on the page of the job. It needs no cluster.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actionOutputs, outputs } from '@cinc-scan/adapters';
import { findingsReportNames } from '@cinc-scan/core';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ActionUse, type Ended, type Step } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { root } from '../support/cinc-scan.ts';
import { type Github, githubToken, startGithub } from '../support/github.ts';

builtDist();
const folder = mkdtempSync(join(tmpdir(), 'cst-findings-'));
const place = installAction(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sample = (name: string) => join(root, 'packages/companions/fixtures', name);
const web = { id: 'web', tool: 'trivy', area: 'images', target: 'host:web', file: 'web.json' };
const uploads = { id: 'uploads', tool: 'clamav', area: 'os', target: 'host:files', file: 'clamscan.txt' };

let workspace = '';
beforeEach(() => {
  workspace = mkdtempSync(join(folder, 'w-'));
  mkdirSync(join(workspace, 'results'));
});

function left(files: Record<string, string>, sources: object[] = [web]): void {
  writeFileSync(join(workspace, 'results/sources.yml'), JSON.stringify({ scope: 'prod', sources }));
  for (const [name, from] of Object.entries(files)) copyFileSync(sample(from), join(workspace, 'results', name));
}

const use = (inputs: Record<string, string> = {}, step: Step = {}) =>
  new ActionUse({ folder, kubeconfigPath: '/nowhere' }, place, {
    ...step,
    workspace,
    inputs: { sources: 'results/sources.yml', ...inputs },
  }).main();

const annotations = ({ commands }: Ended) =>
  commands
    .filter(({ name }) => ['error', 'warning', 'notice'].includes(name))
    .map(({ name, message }) => [name, message]);
const read = (name: string) => readFileSync(join(workspace, name), 'utf8');

describe('a step with sources', () => {
  test('passes where every scanner looked and the gate is met', async () => {
    left({ 'web.json': 'trivy/image-clean.json' });
    const ended = await use({ 'fail-on': 'low' });
    expect(ended.code).toBe(0);
    expect(ended.outputs).toMatchObject({ verdict: 'pass', reason: 'pass', 'exit-code': '0', compliance: '' });
    expect(ended.outputs['report-html']).toBe('cinc-scan-findings/report.html');
    expect(ended.outputs['run-id']).toMatch(/^gh-9876543210-1-/);
    expect(ended.summary).toMatch(/^## cinc-scan: PASS \(exit 0\)/);
    expect(ended.log).toContain('✓ web (trivy, host:web) looked: 0 findings');
    expect(annotations(ended)).toEqual([]);
    expect(ended.state).toEqual({});
  });

  test('fails with findings, and says which bound is not met', async () => {
    left({ 'web.json': 'trivy/image-v2.json' });
    const ended = await use({ threshold: '{failed: {total: {max: 0}}}' });
    expect(ended.code).toBe(3);
    expect(ended.outputs).toMatchObject({ verdict: 'fail', reason: 'below-threshold', 'exit-code': '3' });
    expect(JSON.parse(ended.outputs['findings-json'] ?? '')).toMatchObject({ severity: { medium: 4 } });
    expect(annotations(ended)).toEqual([
      ['error', 'cinc-scan: exit 3 (below-threshold). Every source looked. The threshold is not met by web.'],
    ]);
    expect(ended.summary).toContain('CVE-2019-1549');
    expect(ended.commands.filter(({ name }) => name.endsWith('group')).map(({ name }) => name)).toEqual([
      'group',
      'endgroup',
      'group',
      'endgroup',
    ]);
  });

  test('sets no output that the action does not declare, with every report there is', async () => {
    left({ 'web.json': 'trivy/image-v2.json' });
    const { outputs: set } = await use({ 'findings-reports': findingsReportNames.join(',') });
    for (const kind of findingsReportNames) expect(Object.keys(set)).toContain(`report-${kind}`);
    const declared = Object.keys(actionOutputs(outputs));
    expect(Object.keys(set).filter(name => !declared.includes(name))).toEqual([]);
  });

  test('is an error where a scanner did not look, also with report-only', async () => {
    left({ 'web.json': 'trivy/image-clean.json', 'clamscan.txt': 'clamav/clamscan-denied.txt' }, [web, uploads]);
    const ended = await use({ 'report-only': 'true' });
    expect(ended.code).toBe(4);
    expect(ended.outputs).toMatchObject({ verdict: 'error', reason: 'SOURCE_NOT_LOOKED', 'exit-code': '4' });
    expect(JSON.parse(ended.outputs['sources-json'] ?? '')).toMatchObject([
      { id: 'web', outcome: 'looked' },
      { id: 'uploads', outcome: 'not-looked', error: 'SOURCE_NOT_LOOKED' },
    ]);
    expect(ended.summary).toContain('Nothing that is missing here is fixed');
    expect(annotations(ended)).toEqual([['error', expect.stringContaining('did not look: uploads')]]);
  });

  test('fails on what is new since the state that it keeps', async () => {
    left({ 'web.json': 'trivy/image-clean.json' });
    const given = { state: 'state.json', 'fail-on-new': 'low' };
    expect((await use(given)).outputs).toMatchObject({ reason: 'BASELINE_INVALID', 'exit-code': '2' });
    expect((await use({ ...given, 'state-missing': 'seed' })).code).toBe(0);
    left({ 'web.json': 'trivy/image-v2.json' });
    const ended = await use({ ...given, 'report-only': 'true' });
    expect(ended.outputs).toMatchObject({ verdict: 'fail', reason: 'regression', 'exit-code': '0' });
    expect(annotations(ended)).toEqual([['warning', expect.stringContaining('New findings of low severity')]]);
  });

  test.each([
    ['targets', 'deployment/web', 'The input targets'],
    ['profile', './profile', 'The input profile'],
    ['waivers', './waivers.yml', 'The input waivers'],
    ['push', 'webhook=https://example.org', 'The input push'],
    ['dry-run', 'true', 'The input dry-run'],
    ['request', 'request.json', 'The input request'],
    ['comment', 'true', 'The input comment'],
  ])('refuses %s by its name, since one step has one verdict', async (name, value, said) => {
    left({ 'web.json': 'trivy/image-clean.json' });
    const ended = await use({ [name]: value });
    expect(ended.code).toBe(2);
    expect(annotations(ended)).toEqual([['error', expect.stringContaining(`${said} cannot be combined with sources`)]]);
    expect(ended.outputs).toMatchObject({ verdict: 'error', reason: 'USAGE' });
    expect(JSON.parse(read('cinc-scan-findings/outputs.json'))).toMatchObject({ verdict: 'error', 'exit-code': 2 });
  });

  test('says of a file of sources and of a threshold what is wrong with them', async () => {
    left({ 'web.json': 'trivy/image-clean.json' });
    const wrong = await use({ sources: 'nowhere.yml' });
    expect(wrong.outputs).toMatchObject({ reason: 'SOURCES_INVALID', 'exit-code': '2' });
    expect((await use({ threshold: '{faild: 1}' })).outputs).toMatchObject({ reason: 'THRESHOLD_INVALID' });
    expect((await use({ 'findings-reports': 'pdf' })).outputs).toMatchObject({ reason: 'INPUT_INVALID' });
  });

  test('carries out nothing that a result holds', async () => {
    left({});
    const hostile = '\n::error::gotcha\n::set-output name=verdict::pass\n##[error]gotcha \u001b[31m';
    const text = readFileSync(sample('trivy/image-v2.json'), 'utf8');
    const document: unknown = JSON.parse(text, (key, value: unknown) =>
      key === 'Title' || key === 'PkgName' ? hostile : value,
    );
    writeFileSync(join(workspace, 'results/web.json'), JSON.stringify(document));
    const ended = await use({ 'fail-on': 'low', 'findings-reports': 'markdown:-,csv:-' });
    expect(ended.code).toBe(3);
    expect(ended.commands.filter(({ message, name }) => name === 'set-output' || message.startsWith('gotcha'))).toEqual(
      [],
    );
    for (const command of ['##[error', '\u001b']) expect(ended.raw).not.toContain(command);
  });
});

describe('where it is shown', () => {
  let github: Github;
  beforeEach(async () => {
    github = await startGithub();
  });
  afterEach(() => github.close());

  test('are code scanning and an artifact with all reports', async () => {
    left({ 'web.json': 'trivy/image-v2.json' });
    const inputs = {
      'upload-sarif': 'true',
      'upload-artifact': 'true',
      'run-id': 'build-9',
      'github-token': githubToken,
    };
    const ended = await use(inputs, { env: github.env() });
    expect(ended.code).toBe(0);
    expect(github.sarif).toHaveLength(1);
    expect(github.sarif[0]?.text).toContain('CVE-2019-1549');
    const bytes = github.artifacts.get('cinc-scan-build-9')?.toString('latin1');
    for (const name of ['findings.json', 'report.html', 'findings.sarif', 'hdf/web.json'])
      expect(bytes).toContain(name);
    expect(ended.summary).toContain('[Code scanning alerts](');
  });
});
