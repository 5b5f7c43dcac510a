// SPDX-License-Identifier: Apache-2.0
// A run of the auditor beside other scanners: each of its workloads has looked, or has not.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingsOfHdf, fingerprintOf, writeReports } from '@cinc-scan/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseReportSpec } from '../../packages/core/src/report/registry.ts';
import {
  readFixture,
  sampleAudited,
  sampleModel,
  sampleTarget,
  sampleUnreached,
} from '../../packages/core/src/report/testing/sample-model.ts';
import { command, commandHere, temporaryFolder } from '../support/command.ts';

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
  declare({});
});
afterEach(() => folder[Symbol.dispose]());

const inside = (name: string) => join(folder.path, name);
const declare = (more: object) =>
  writeFileSync(
    inside('cinc-scan.sources.yml'),
    JSON.stringify({
      scope: 'prod',
      sources: [{ id: 'ours', tool: 'cinc-scan', area: 'resources', folder: 'out', ...more }],
    }),
  );

const web = (text: string, pod = 'web-5d4f-abcde') => sampleAudited({ text, target: sampleTarget(pod) });
const database = sampleTarget('db-0', { owner: { kind: 'StatefulSet', name: 'db' } });
const db = (text: string) => sampleAudited({ text, target: database });
const lost = { ...sampleUnreached('The pod was deleted'), target: database };

type Outcomes = Parameters<typeof sampleModel>[0];
async function scanned(outcomes: Outcomes, request: Record<string, unknown> = {}): Promise<void> {
  rmSync(inside('out'), { recursive: true, force: true });
  const model = { ...sampleModel(outcomes), request };
  await writeReports(model, ['hdf', 'scan'].map(parseReportSpec), {
    outputDir: 'out',
    workspace: folder.path,
    stdout: () => undefined,
  });
}

const here = (...args: string[]) =>
  commandHere(['consolidate', '--state', 'state.json', '--state-missing', 'all-new', ...args], { cwd: folder.path });

interface Told {
  sources: { id: string; target: string; kind: string; problems: { code: string; text: string }[] }[];
  findings: { rule: string; target: string; status: string; fingerprint: string; because: string }[];
}
const told = () => JSON.parse(readFileSync(inside('cinc-scan-findings/findings.json'), 'utf8')) as Told;
const statuses = () =>
  told()
    .findings.map(({ rule, target, status }) => `${status} ${rule} ${target.split('/').at(-2)}`)
    .toSorted();

const clean = readFixture('clean.json');
const mix = clean.replace(/"passed"/, '"failed"').replace(/"passed"/, '"failed"');

test('the shipped command reads a run as it was judged, with the fingerprints that it has everywhere', async () => {
  await scanned([web(mix), db(clean)]);
  const ran = await command(['consolidate', '--store', 'kept', '--state-missing', 'all-new'], { cwd: folder.path });
  expect(ran.stderr).toBe('');
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(
    /✓ ours\.\S+ \(cinc-scan, workload:prod\/shop\/Deployment\/web\/app\) looked: \d+ finding/,
  );
  const read = findingsOfHdf(web(mix).hdf, new Date('2026-02-01T00:00:00Z'));
  const target = 'workload:prod/shop/Deployment/web/app';
  const expected =
    read.kind === 'findings' ? read.findings.map(raw => fingerprintOf(raw, { tool: 'cinc-scan', target })) : [];
  expect(expected.length).toBeGreaterThan(0);
  expect(
    told()
      .findings.map(({ fingerprint }) => fingerprint)
      .toSorted(),
  ).toEqual(expected.toSorted());
  const kept = readdirSync(inside('kept'), { recursive: true, encoding: 'utf8' });
  expect(kept.filter(name => /\/raw\/ours\/(?:scan|shop_.*)\.json$/.test(name))).toHaveLength(3);
  expect(kept.filter(name => /\/hdf\/ours\.[a-z0-9-]+\.json$/.test(name))).toHaveLength(2);
});

test('another pod of a workload is the same place, and what passes now is fixed', async () => {
  await scanned([web(mix)]);
  await here();
  const before = statuses();
  expect(before.every(line => line.startsWith('new '))).toBe(true);
  await scanned([web(mix, 'web-7f9c-xyzab')]);
  expect((await here('--fail-on-new', 'low')).code).toBe(0);
  expect(statuses()).toEqual(before.map(line => line.replace('new', 'known')));
});

test('a target that was not reached did not look: nothing of it is fixed, and the rest is what it is', async () => {
  await scanned([web(mix), db(mix)]);
  await here();
  await scanned([web(mix), lost]);
  const ran = await here();
  expect(ran.code).toBe(4);
  expect(ran.stderr).toContain('TARGET_NOT_FOUND: The pod was deleted');
  const after = statuses();
  expect(after.filter(line => line.endsWith(' web')).every(line => line.startsWith('known '))).toBe(true);
  expect(after.filter(line => line.endsWith(' db')).every(line => line.startsWith('unsure '))).toBe(true);
  expect(after.some(line => line.endsWith(' db'))).toBe(true);
  expect(told().sources.map(({ target, kind }) => `${kind} ${target.split('/').at(-2)}`)).toEqual([
    'looked web',
    'not-looked db',
  ]);
});

test('a control that broke has not looked', async () => {
  await scanned([web(readFixture('regression-now.json'))]);
  expect(await here()).toMatchObject({ code: 4, stderr: expect.stringContaining('1 controls could not be evaluated') });
});

test('one replica that was not reached is enough not to know', async () => {
  await scanned([web(mix), { ...lost, target: sampleTarget('web-7f9c-xyzab') }]);
  expect((await here()).code).toBe(4);
  expect(told().sources.map(({ kind }) => kind)).toEqual(['not-looked']);
});

test('a scan of chosen controls closes nothing of the others', async () => {
  await scanned([web(mix)]);
  await here();
  await scanned([web(clean)], { controls: ['clean-1'] });
  expect((await here()).code).toBe(0);
  expect(statuses().filter(line => line.startsWith('fixed'))).toEqual([]);
  expect(statuses().some(line => line.startsWith('unsure'))).toBe(true);
});

test.each<[string, string, (place: (name: string) => string) => void]>([
  ['is not there', 'SOURCE_MISSING', place => rmSync(place(''), { recursive: true })],
  ['has no manifest', 'SOURCE_MISSING', place => rmSync(place('scan.json'))],
  [
    'was cut off',
    'SOURCE_MISSING',
    place => writeFileSync(place('scan.json'), readFileSync(place('scan.json')).subarray(0, -9)),
  ],
  ['has not finished', 'SOURCE_FAILED', place => writeFileSync(place('scan.json'), '{"state": "running"}')],
  [
    'is of another layout',
    'SOURCE_UNREADABLE',
    place =>
      writeFileSync(
        place('scan.json'),
        readFileSync(place('scan.json'), 'utf8').replace('"schemaVersion": 3', '"schemaVersion": 99'),
      ),
  ],
  [
    'lacks a result file',
    'SOURCE_UNREADABLE',
    place =>
      readdirSync(place(''))
        .filter(name => name.startsWith('shop'))
        .forEach(name => rmSync(place(name))),
  ],
  [
    'praises itself',
    'SOURCE_UNREADABLE',
    place =>
      writeFileSync(
        place('scan.json'),
        readFileSync(place('scan.json'), 'utf8').replace('"verdict": "fail"', '"verdict": "pass"'),
      ),
  ],
])('a run that %s is exit 4 with %s', async (_what, code, change) => {
  await scanned([web(mix)]);
  change(name => inside(`out/${name}`));
  const ran = await here();
  expect([ran.code, ran.stderr]).toEqual([4, expect.stringContaining(`✗ ${code} ours`)]);
  expect(ran.stdout).toContain('did not look');
});

test('a run that is too old did not look', async () => {
  await scanned([web(mix)]);
  declare({ 'max-age': '1h' });
  expect(await here()).toMatchObject({ code: 4, stderr: expect.stringContaining('SOURCE_STALE') });
});

test.each([
  [{ file: 'x.json' }, 'Unrecognized key: "file"'],
  [{ target: 'image:web' }, 'Unrecognized key: "target"'],
  [{ tool: 'trivy' }, 'Unrecognized key: "folder"'],
  [{ tool: 'trivvy' }, 'expected one of cinc-scan, '],
])('a source with %j is refused', async (more, problem) => {
  declare(more);
  expect(await here()).toMatchObject({ code: 2, stderr: expect.stringContaining(problem) });
});
