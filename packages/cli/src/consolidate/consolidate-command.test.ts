// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseHdf } from '@cinc-scan/core';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { command, commandHere, temporaryFolder } from '../../../../test/support/command.ts';

const fixtures = resolve(import.meta.dirname, '../../../companions/fixtures');

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const inside = (name: string) => join(folder.path, name);
const here = (...args: string[]) => commandHere(['consolidate', ...args], { cwd: folder.path });
const readJson = (name: string) => JSON.parse(readFileSync(inside(name), 'utf8')) as Record<string, unknown>;

function place(name: string, text: string): void {
  mkdirSync(dirname(inside(name)), { recursive: true });
  writeFileSync(inside(name), text);
}

function take(sample: string, name: string): void {
  mkdirSync(dirname(inside(name)), { recursive: true });
  copyFileSync(join(fixtures, sample), inside(name));
}

const web = { id: 'web', tool: 'trivy', area: 'images', target: 'host:web', file: 'web.json' };
const sources = (...all: object[]) => place('cinc-scan.sources.yml', JSON.stringify({ scope: 'prod', sources: all }));

describe('consolidate', () => {
  test('reads what its sources left, writes findings and HDF, and ends with 0', async () => {
    sources(web);
    take('trivy/image-v2.json', 'web.json');
    const ran = await command(['consolidate'], { cwd: folder.path });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('✓ web (trivy, host:web) looked: 4 findings\n');
    expect(ran.stdout).toContain('findings: 0 critical, 0 high, 4 medium, 0 low, 0 none, 0 unknown\n');
    expect(ran.stdout).toMatch(/cinc-scan: PASS \(exit 0\)\n$/);
    expect(readJson('cinc-scan-findings/findings.json')).toMatchObject({
      version: 1,
      scope: 'prod',
      sources: [{ id: 'web', kind: 'looked', problems: [], findings: 4 }],
      findings: [{ status: 'new', rule: 'CVE-2019-1549', severity: 'medium' }, {}, {}, {}],
    });
    const hdf = parseHdf(readFileSync(inside('cinc-scan-findings/hdf/web.json'), 'utf8'));
    expect(hdf.kind === 'hdf' ? hdf.hdf.profiles[0]?.controls.map(({ id, impact }) => `${id} ${impact}`) : hdf).toEqual(
      ['CVE-2019-1549 0.5', 'CVE-2019-1551 0.5'],
    );
  });

  test.each([
    ['generic/empty.json', 'trivy', 'SOURCE_UNREADABLE'],
    ['generic/truncated.json', 'trivy', 'SOURCE_UNREADABLE'],
    ['generic/error-page.html', 'trivy', 'SOURCE_UNREADABLE'],
    ['generic/log-instead-of-report.jsonl', 'trivy', 'SOURCE_UNREADABLE'],
    ['generic/no-runs.sarif', 'sarif', 'SOURCE_NOT_LOOKED'],
    ['generic/cyclonedx-sbom-only.cdx.json', 'cyclonedx', 'SOURCE_UNPROVEN'],
    ['trivy/nothing-looked-at.json', 'trivy', 'SOURCE_NOT_LOOKED'],
    ['trivy/k8s-all.json', 'trivy', 'SOURCE_NOT_LOOKED'],
    ['golangci-lint/typecheck.json', 'golangci-lint', 'SOURCE_NOT_LOOKED'],
    ['kube-bench/not-looked.json', 'kube-bench', 'SOURCE_NOT_LOOKED'],
    ['linux-bench/text-despite-json.txt', 'linux-bench', 'SOURCE_UNREADABLE'],
    ['clair/error.json', 'clair', 'SOURCE_NOT_LOOKED'],
    ['clair/v4-none.json', 'clair', 'SOURCE_UNPROVEN'],
    ['kubescape/v4-cluster.json', 'kubescape', 'SOURCE_NOT_LOOKED'],
    ['kube-hunter/nothing-reached.json', 'kube-hunter', 'SOURCE_NOT_LOOKED'],
    ['vuls/v4-errors.json', 'vuls', 'SOURCE_NOT_LOOKED'],
    ['fossa/count-differs.json', 'fossa', 'SOURCE_CONTRADICTS'],
    ['clamav/clamscan-denied.txt', 'clamav', 'SOURCE_NOT_LOOKED'],
    ['clamav/clamscan-no-database.txt', 'clamav', 'SOURCE_NOT_LOOKED'],
    ['trivy/image-v2.json', 'sarif', 'SOURCE_WRONG_TOOL'],
  ])('of %s as %s is exit 4 with %s and the name of the file', async (sample, tool, code) => {
    sources({ ...web, tool });
    take(sample, 'web.json');
    const ran = await here('--fail-on', 'low', '--report-only');
    expect(ran.code).toBe(4);
    expect(ran.stdout).toContain(`✗ web (${tool}, host:web) did not look:`);
    expect(ran.stderr).toContain(`✗ ${code} web: web.json: `);
    expect(readJson('cinc-scan-findings/findings.json')['sources']).toMatchObject([
      { kind: 'not-looked', problems: expect.arrayContaining([expect.objectContaining({ code, file: 'web.json' })]) },
    ]);
  });

  test('without a result is exit 4, whatever an earlier run left in the output folder', async () => {
    sources(web);
    take('trivy/image-clean.json', 'web.json');
    expect((await here()).code).toBe(0);
    sources({ ...web, file: 'other.json' });
    const ran = await here('--fail-on', 'high');
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('✗ SOURCE_MISSING web: other.json: there is no such file');
    expect(readFileSync(inside('cinc-scan-findings/hdf/web.json'), 'utf8')).toContain('SOURCE_MISSING');
  });

  test('judges by rules as the gate does, and a source that did not look outranks it', async () => {
    sources(web, { ...web, id: 'bench', tool: 'kube-hunter', file: 'hunter.json' });
    take('trivy/image-v2.json', 'web.json');
    take('kube-hunter/none.json', 'hunter.json');
    expect((await here('--fail-on', 'medium')).code).toBe(3);
    expect((await here('--fail-on', 'medium', '--report-only')).code).toBe(0);
    expect((await here('--fail-on', 'high')).code).toBe(0);
    expect((await here('-I', '{failed: {total: {max: 2}}}')).code).toBe(0);
    expect((await here('-I', '{failed: {total: {max: 1}}}')).code).toBe(3);
    take('kube-hunter/nothing-reached.json', 'hunter.json');
    expect((await here('--fail-on', 'medium')).code).toBe(4);
  });

  test('counts what has no severity as it is told', async () => {
    sources({ ...web, tool: 'golangci-lint' });
    take('golangci-lint/v2-stats-after.txt', 'web.json');
    expect((await here('--fail-on', 'high')).code).toBe(0);
    expect((await here('--fail-on', 'high', '--unknown-as', 'critical')).code).toBe(3);
  });

  test('excuses what a VEX document of a source excuses, and nothing if that cannot be read', async () => {
    const vex = { id: 'vex', tool: 'openvex', area: 'images', target: 'host:web', file: 'vex.json' };
    const purl = 'pkg:apk/alpine/libcrypto1.1@1.1.1c-r0';
    const statement = (status: string) => ({
      vulnerability: { name: 'CVE-2019-1549' },
      products: [{ '@id': purl }],
      status,
      justification: 'x',
    });
    const write = (status: string) =>
      place(
        'vex.json',
        JSON.stringify({
          '@context': 'https://openvex.dev/ns/v0.2.0',
          timestamp: '2026-01-01T00:00:00Z',
          statements: [statement(status)],
        }),
      );
    sources(web, vex);
    take('trivy/image-v2.json', 'web.json');
    write('not_affected');
    expect((await here()).code).toBe(0);
    const statuses = () =>
      (readJson('cinc-scan-findings/findings.json')['findings'] as { status: string }[]).map(({ status }) => status);
    expect(statuses()).toEqual(['waived', 'new', 'new', 'new']);
    write('perhaps');
    expect((await here()).code).toBe(4);
    expect(statuses()).toEqual(['new', 'new', 'new', 'new']);
  });
});

describe('consolidate with a state', () => {
  const findings = () =>
    (readJson('cinc-scan-findings/findings.json')['findings'] as { status: string }[]).map(({ status }) => status);
  const run = (...args: string[]) => here('--state', 'state.json', '--fail-on-new', 'low', ...args);

  beforeEach(() => {
    sources(web);
    take('trivy/image-v2.json', 'web.json');
  });

  test('that is not there asks what that means', async () => {
    const ran = await run();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/BASELINE_INVALID.*state\.json: there is no such state/s);
    expect(ran.stderr).toContain('--state-missing seed');
    expect(existsSync(inside('state.json'))).toBe(false);
  });

  test('begins by recording, and fails on what comes later', async () => {
    expect((await run('--state-missing', 'seed')).code).toBe(0);
    expect((await run()).code).toBe(0);
    expect(findings()).toEqual(['known', 'known', 'known', 'known']);
    const more = readFileSync(inside('web.json'), 'utf8').replace('CVE-2019-1549', 'CVE-2026-1');
    place('web.json', more);
    const ran = await run();
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('new: medium CVE-2026-1 in host:web');
    expect(findings().toSorted()).toEqual(['fixed', 'known', 'known', 'known', 'new']);
  });

  test('can begin with everything new', async () => {
    expect((await run('--state-missing', 'all-new')).code).toBe(3);
    expect((await run()).code).toBe(0);
  });

  test('closes nothing while its source fails', async () => {
    await run('--state-missing', 'seed');
    take('generic/truncated.json', 'web.json');
    expect((await run()).code).toBe(4);
    expect(findings()).toEqual(['unsure', 'unsure', 'unsure', 'unsure']);
    take('trivy/image-v2.json', 'web.json');
    expect((await run()).code).toBe(0);
    expect(findings()).toEqual(['known', 'known', 'known', 'known']);
  });

  test.each([
    ['something else', '{}'],
    [
      'another scope',
      JSON.stringify({ version: 1, scope: 'test', at: '2026-01-01T00:00:00Z', looks: {}, entries: {} }),
    ],
    ['a later run', JSON.stringify({ version: 1, scope: 'prod', at: '2999-01-01T00:00:00Z', looks: {}, entries: {} })],
    [
      'an entry that was changed',
      JSON.stringify({ version: 1, scope: 'prod', at: '', looks: {}, entries: { a: { status: 'closed' } } }),
    ],
  ])('of %s is exit 2 and stays as it is', async (_what, text) => {
    place('state.json', text);
    expect((await run()).code).toBe(2);
    expect(readFileSync(inside('state.json'), 'utf8')).toBe(text);
  });

  test('is needed to know what is new', async () => {
    expect((await here('--fail-on-new', 'low')).stderr).toContain('fail-on-new needs a state');
  });
});

describe('consolidate is refused', () => {
  test('without its file of sources, or with one that is odd', async () => {
    expect((await here()).code).toBe(2);
    sources({ ...web, tol: 'x' });
    const ran = await here();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/SOURCES_INVALID/);
  });

  test('with a file that no source declares', async () => {
    sources(web);
    take('trivy/image-clean.json', 'web.json');
    take('trivy/image-clean.json', 'other.json');
    expect((await here('web.json')).code).toBe(0);
    const ran = await here('web.json', 'other.json');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/SOURCE_UNDECLARED.*no source declares other\.json/s);
  });
});

describe('an envelope beside a result', () => {
  const envelope = (text: string, more: object = {}) =>
    JSON.stringify({
      version: 1,
      tool: 'clamav',
      argv: ['clamscan', '--alert-exceeds-max=yes'],
      exit: 0,
      signal: null,
      started: '2026-11-29T11:00:00Z',
      finished: '2026-11-29T11:01:00Z',
      stderr: '',
      sha256: createHash('sha256').update(text).digest('hex'),
      ...more,
    });

  test('catches the error that the result does not show, and is no result itself', async () => {
    sources({ ...web, tool: 'clamav', file: 'scans/*' });
    const text = readFileSync(join(fixtures, 'clamav/clamscan-false-clean.txt'), 'utf8');
    place('scans/a.txt', text);
    expect((await here()).code).toBe(0);
    place('scans/a.txt.envelope.json', envelope(text));
    expect((await here()).code).toBe(0);
    place(
      'scans/a.txt.envelope.json',
      envelope(text, { stderr: readFileSync(join(fixtures, 'clamav/clamscan-false-clean.stderr.txt'), 'utf8') }),
    );
    const ran = await here();
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('scans/a.txt: ClamAV told of an error on standard error');
    place('scans/a.txt.envelope.json', '');
    expect((await here()).code).toBe(4);
  });
});
