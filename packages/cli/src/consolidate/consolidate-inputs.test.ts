// SPDX-License-Identifier: Apache-2.0
// A consolidation as CI systems ask for it: by variables, with outputs for the next step.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { commandHere, temporaryFolder } from '../../../../test/support/command.ts';

const fixtures = resolve(import.meta.dirname, '../../../companions/fixtures');

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
  place('ci/sources.yml', JSON.stringify({ scope: 'prod', sources: [web] }));
  copyFileSync(join(fixtures, 'trivy/image-v2.json'), inside('ci/web.json'));
});
afterEach(() => folder[Symbol.dispose]());

const web = { id: 'web', tool: 'trivy', area: 'images', target: 'host:web', file: 'web.json' };
const inside = (name: string) => join(folder.path, name);
const by = (env: Record<string, string>, ...args: string[]) =>
  commandHere(['consolidate', ...args], { cwd: folder.path, env });
const sources = { CINC_SCAN_SOURCES: 'ci/sources.yml' };
const outputs = (name = 'cinc-scan-findings/outputs.json') =>
  JSON.parse(readFileSync(inside(name), 'utf8')) as Record<string, unknown>;

function place(name: string, text: string): void {
  mkdirSync(dirname(inside(name)), { recursive: true });
  writeFileSync(inside(name), text);
}

describe('variables', () => {
  test('ask for all that flags ask for', async () => {
    place('excused.yml', 'waivers: [{ key: "trivy:CVE-2019-1549", reason: no, expires: 2099-01-01 }]');
    const ran = await by({
      ...sources,
      CINC_SCAN_FINDINGS_WAIVERS: 'excused.yml',
      CINC_SCAN_STATE: 'state.json',
      CINC_SCAN_STATE_MISSING: 'all-new',
      CINC_SCAN_FAIL_ON_NEW: 'medium',
      CINC_SCAN_FINDINGS_REPORTS: 'markdown,junit-gate',
      CINC_SCAN_OUTPUT_DIR: 'out',
      CINC_SCAN_RUN_ID: 'build-7',
      CINC_SCAN_REPORTS: 'hdf,console:-',
    });
    expect(ran.code).toBe(3);
    expect(readFileSync(inside('out/summary.md'), 'utf8')).toContain('FAIL (exit 3)');
    expect(readFileSync(inside('out/junit-gate.xml'), 'utf8')).toContain('<failure');
    expect(existsSync(inside('state.json'))).toBe(true);
    expect(outputs('out/outputs.json')).toMatchObject({
      verdict: 'fail',
      reason: 'regression',
      'exit-code': 3,
      'run-id': 'build-7',
      'findings-json': { status: { new: 2, waived: 2 } },
      'report-markdown': 'out/summary.md',
    });
  });

  test('are held to a threshold as scans are', async () => {
    const ran = await by({ ...sources, CINC_SCAN_THRESHOLD: '{failed: {total: {max: 1}}}' });
    expect(ran.code).toBe(3);
    expect(outputs()).toMatchObject({ verdict: 'fail', reason: 'below-threshold' });
  });

  test.each([
    ['CINC_SCAN_TARGETS', 'deployment/web'],
    ['CINC_SCAN_PROFILE', './profile'],
    ['CINC_SCAN_WAIVERS', './waivers.yml'],
    ['CINC_SCAN_BASELINE', './baseline.json'],
    ['CINC_SCAN_PUSH', 'webhook=https://example.org'],
    ['CINC_SCAN_DRY_RUN', 'true'],
  ])('that ask for a scan are refused by name beside sources: %s', async (name, value) => {
    const ran = await by({ ...sources, [name]: value });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(`USAGE ${name} cannot be combined with sources`);
    expect(outputs()).toMatchObject({ verdict: 'error', reason: 'USAGE', 'exit-code': 2, 'run-id': '' });
    // Of who names the file in a command line the variables may be for another command.
    expect((await by({ ...sources, [name]: value }, '-s', 'ci/sources.yml')).code).toBe(0);
  });

  test('of credentials, and inputs of scans in the file of a repository, are left alone', async () => {
    place('cinc-scan.yml', 'targets: [deployment/web]\noutput-dir: out\nreports: [junit]\nwaivers: [./none.yml]\n');
    const env = { ...sources, CINC_SCAN_TOKEN: 'abc', CINC_SCAN_CONFIG: inside('cinc-scan.yml') };
    expect((await by(env)).code).toBe(0);
    expect(existsSync(inside('out'))).toBe(false);
  });
});

describe('outputs', () => {
  test('tell of each source, and are handed on to the CI system', async () => {
    expect((await by(sources)).code).toBe(0);
    expect(outputs()).toMatchObject({
      verdict: 'pass',
      reason: 'pass',
      compliance: null,
      'targets-json': [],
      'sources-json': [{ id: 'web', tool: 'trivy', outcome: 'looked', findings: 4, error: null }],
    });
    const told = await commandHere(['outputs', '--code', '0', '--as', 'env'], { cwd: folder.path, env: sources });
    expect(told.code).toBe(0);
    expect(told.stdout).toContain('CINC_VERDICT=pass\n');
    expect(told.stdout).not.toContain('JSON');
    expect((await commandHere(['outputs', '--code', '0'], { cwd: folder.path })).code).toBe(5); // those of a scan
  });

  test('tell which source did not look, with its code', async () => {
    place('ci/web.json', '');
    expect((await by(sources, '--report-only')).code).toBe(4);
    expect(outputs()).toMatchObject({
      verdict: 'error',
      reason: 'SOURCE_UNREADABLE',
      'exit-code': 4,
      'sources-json': [{ outcome: 'not-looked', error: 'SOURCE_UNREADABLE' }],
    });
  });

  test('stay a failed verdict where it is only reported', async () => {
    const ran = await by(sources, '--fail-on', 'medium', '--report-only');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('cinc-scan: FAIL (exit 0)') });
    expect(outputs()).toMatchObject({ verdict: 'fail', reason: 'below-threshold', 'exit-code': 0 });
    expect(JSON.parse(readFileSync(inside('cinc-scan-findings/findings.json'), 'utf8'))).toMatchObject({
      verdict: 'fail',
      exitCode: 0,
    });
  });

  test('replace those of the run before where nothing was judged', async () => {
    await by(sources);
    expect((await by({ ...sources, CINC_SCAN_THRESHOLD: '{faild: 1}' })).code).toBe(2);
    expect(outputs()).toMatchObject({ verdict: 'error', reason: 'spec-unknown-key', 'exit-code': 2 });
    await by(sources);
    expect((await by({ CINC_SCAN_SOURCES: 'none.yml' })).code).toBe(2);
    expect(outputs()).toMatchObject({ verdict: 'error', reason: 'SOURCES_INVALID' });
  });

  test('and reports never take the place of those of a scan', async () => {
    for (const name of ['scan.json', 'outputs.json', 'summary.md']) place(`out/${name}`, 'of a scan');
    const ran = await by(sources, '-o', 'out');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('out holds the reports of a scan');
    for (const name of ['outputs.json', 'summary.md'])
      expect(readFileSync(inside(`out/${name}`), 'utf8')).toBe('of a scan');
  });
});
