// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { commandHere, temporaryFolder } from '../../../../test/support/command.ts';

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

describe('consolidate with a file of waivers', () => {
  const waivers = (...all: object[]) => place('waivers.yml', JSON.stringify({ waivers: all }));
  const judged = () => here('--waivers', 'waivers.yml', '--fail-on', 'medium');
  const rule = 'trivy:CVE-2019-1549';
  const other = { key: 'trivy:CVE-2019-1551', reason: 'no fix', expires: '2999-01-01' };
  const statuses = () =>
    (readJson('cinc-scan-findings/findings.json')['findings'] as { status: string; because: string }[]).map(
      ({ status, because }) => `${status} ${because}`.trim(),
    );

  beforeEach(() => {
    sources(web);
    take('trivy/image-v2.json', 'web.json');
  });

  test('counts neither them nor their rules', async () => {
    waivers({ key: rule, reason: 'accepted', expires: '2999-01-01' });
    expect((await judged()).code).toBe(3);
    waivers({ key: rule, reason: 'accepted', expires: '2999-01-01' }, other);
    expect((await judged()).code).toBe(0);
    expect(statuses()).toEqual([
      'waived waivers.yml: accepted',
      'waived waivers.yml: no fix',
      'waived waivers.yml: accepted',
      'waived waivers.yml: no fix',
    ]);
  });

  test('counts them again from the day on which the waiver ends, and says so', async () => {
    waivers({ key: `${rule}@host:web`, reason: 'accepted', expires: '2026-01-01' }, other);
    const ran = await judged();
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(
      `! a waiver expired on 2026-01-01, so what it excused counts again: ${rule}@host:web (waivers.yml: accepted)\n`,
    );
    expect(statuses().filter(status => status === 'new')).toHaveLength(2);
  });

  test('names one that excuses nothing', async () => {
    waivers({ key: `${rule}@host:other`, reason: 'accepted', expires: '2999-01-01' });
    const ran = await judged();
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(`! a waiver excuses no finding: ${rule}@host:other (waivers.yml: accepted)\n`);
  });

  test('is refused if it is odd or not there', async () => {
    waivers({ key: rule, reason: 'accepted', until: '2999-01-01' });
    const ran = await judged();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/WAIVER_INVALID.*waivers\.yml: waivers\.0: Unrecognized key: "until"/s);
    expect((await here('--waivers', 'none.yml')).stderr).toMatch(/WAIVER_INVALID.*none\.yml: there is no such file/s);
  });
});

describe('reports of findings', () => {
  const kinds = {
    json: 'findings.json',
    html: 'report.html',
    markdown: 'summary.md',
    sarif: 'findings.sarif',
    codequality: 'codequality.json',
    junit: 'junit.xml',
    'junit-gate': 'junit-gate.xml',
    csv: 'findings.csv',
    ocsf: 'findings.ocsf.jsonl',
  };

  test('are a page unless others are asked for, and findings.json always', async () => {
    sources(web);
    take('trivy/image-v2.json', 'web.json');
    await here();
    const written = () => readdirSync(inside('cinc-scan-findings')).toSorted();
    expect(written()).toEqual(['findings.json', 'hdf', 'outputs.json', 'report.html']);
    const ran = await here('--report', Object.keys(kinds).join(','), '--report', 'csv:own/place.csv');
    expect(ran.code).toBe(0);
    expect(written()).toEqual(['hdf', 'outputs.json', ...Object.values(kinds)].toSorted());
    for (const name of [...Object.values(kinds).map(file => `cinc-scan-findings/${file}`), 'own/place.csv'])
      expect(readFileSync(inside(name), 'utf8')).toContain('CVE-2019-1549');
    expect((await here('--report', 'markdown:-')).stdout).toContain('## cinc-scan: PASS (exit 0)');
    expect((await here('--report', 'pdf')).stderr).toMatch(/INPUT_INVALID.*Valid: json, html/s);
  });

  test('tell why a run failed, and what earlier runs found', async () => {
    sources(web, { ...web, id: 'bench', tool: 'kube-hunter', file: 'hunter.json' });
    take('trivy/image-v2.json', 'web.json');
    take('kube-hunter/nothing-reached.json', 'hunter.json');
    const run = (...args: string[]) => here('--state', 'state.json', '--fail-on', 'medium', ...args);
    expect((await run('--state-missing', 'all-new')).code).toBe(4);
    expect((await run()).code).toBe(4);
    expect(readJson('cinc-scan-findings/findings.json')).toMatchObject({
      verdict: 'error',
      exitCode: 4,
      reasons: ['1 of 2 sources did not look: bench.', 'The threshold is not met by web.'],
      isCompared: true,
      counts: { status: { new: 0, known: 4 }, severity: { medium: 4 } },
      trend: [
        { open: { medium: 4 }, new: 4, notLooked: 1 },
        { open: { medium: 4 }, new: 0, notLooked: 1 },
      ],
    });
  });
});
