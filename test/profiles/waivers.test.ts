// SPDX-License-Identifier: Apache-2.0
// Waiver files are taken as the auditor takes them; what it would end an audit for is refused before anything is made.
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, readHdf, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { found, manifest } from '../support/findings.ts';
import { folderWith } from '../support/folder.ts';
import { controlText, profileFiles, writeFiles } from '../support/profiles.ts';
import { expectRefused } from '../support/refusal.ts';

const cluster = await openTestCluster();
let namespace = '';
let profile = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  const controls = controlText('c-1', "describe('a') { it { should eq 'b' } }") + controlText('c-2');
  profile = writeFiles(join(folderWith(cluster, {}), 'waived'), profileFiles({ name: 'waived', controls }));
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

describe('a waiver for some targets', () => {
  const failing = {
    'c-1': "describe('a') { it { should eq 'b' } }",
    'c-2': "describe('c') { it { should eq 'd' } }",
  };
  let [path, place] = ['', ''];
  beforeAll(async () => {
    place = await cluster.namespace();
    for (const name of ['front', 'back'])
      await createPod(cluster.api, {
        name,
        namespace: place,
        containers: { app: 'busybox', proxy: 'busybox' },
        labels: { tier: name },
      });
    const controls = Object.entries(failing)
      .map(([id, check]) => controlText(id, check))
      .join('');
    path = writeFiles(join(folderWith(cluster, {}), 'failing'), profileFiles({ name: 'failing', controls }));
  });

  /** Controls that each container was not excused of. */
  const counted = (ran: Transcript) =>
    Object.fromEntries(
      [...readHdf(ran)].map(([file, { profiles }]) => [
        file.replace(/^[^_]*_|\.json$/g, ''),
        profiles[0]?.controls.filter(({ results }) => results[0]?.status === 'failed').map(({ id }) => id),
      ]),
    );
  const scanAll = (files: Record<string, string>, ...more: string[]) => {
    const waivers = Object.keys(files).flatMap(name => ['--waivers', name]);
    const args = ['scan', 'front', 'back', '-n', place, '--all-containers', '-p', path, '--threshold', '0', ...waivers];
    const quiet = more.includes('--dry-run') ? [] : ['-q'];
    return cincScan(cluster, [...args, ...quiet, ...more], { cwd: folderWith(cluster, files) });
  };
  const both = ['c-1', 'c-2'];
  const entry = (target: string) => `{justification: x, run: no, expiration_date: 2099-01-01, target: ${target}}`;

  const cases: [what: string, files: Record<string, string>, counted: Record<string, string[]>][] = [
    [
      'in YAML, one by its pod and one by its container',
      { 'w.yml': `c-1: ${entry('pod/front')}\nc-2: ${entry('[{container: proxy}, {labels: {tier: back}}]')}\n` },
      { front_app: ['c-2'], front_proxy: [], back_app: ['c-1'], back_proxy: ['c-1'] },
    ],
    [
      'in JSON, beside one for all',
      {
        'w.json': JSON.stringify({
          'c-1': { justification: 'x', run: 'no', expiration_date: '2099-01-01', target: { container: 'app' } },
          'c-2': { justification: 'y', run: false, expiration_date: '2099-01-01 10:00:00' },
        }),
      },
      { front_app: [], front_proxy: ['c-1'], back_app: [], back_proxy: ['c-1'] },
    ],
    [
      'in a table, with a reason for each',
      {
        'w.csv':
          'control_id,justification,run,expiration_date,target\n' +
          'c-1,x,no,2099-01-01,pod/front\nc-1,y,no,2099-01-01,"{selector: pod/back, container: app}"\n' +
          'c-2,old,no,2020-01-01,pod/back\n',
      },
      { front_app: ['c-2'], front_proxy: ['c-2'], back_app: ['c-2'], back_proxy: both },
    ],
    [
      'in two files, the later of which counts',
      { 'a.yml': `c-1: ${entry('pod/*')}\n`, 'b.yml': 'c-1: {justification: it counts, run: yes, target: pod/back}\n' },
      { front_app: ['c-2'], front_proxy: ['c-2'], back_app: both, back_proxy: both },
    ],
  ];
  test.each(cases)('%s holds for these and for no other', async (...[, files, expected]) => {
    const ran = await scanAll(files);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(counted(ran)).toEqual(expected);
    const text = [...readHdf(ran).values()].map(hdf => JSON.stringify(hdf)).join();
    expect(text).not.toMatch(/"target":/);
    expect(manifest(ran).warnings.filter(warning => /target/.test(warning))).toEqual([]);
  });

  test('that no target of the run matches is told, in a dry run too, and excuses nobody', async () => {
    const files = {
      'w.yml': `c-1: ${entry('[pod/front, {namespace: elsewhere}]')}\nc-2: ${entry('deployment/front')}\n`,
    };
    const expected = [
      'waivers w.yml: "c-1" for namespace: elsewhere matches no target of this run',
      'waivers w.yml: "c-2" for selector: deployment/front matches no target of this run',
    ];
    const ran = await scanAll(files);
    expect(manifest(ran).warnings).toEqual(expected);
    expect(counted(ran)).toEqual({ front_app: ['c-2'], front_proxy: ['c-2'], back_app: both, back_proxy: both });
    const { stderr, code } = await scanAll(files, '--dry-run');
    expect(code).toBe(0);
    for (const text of expected) expect(stderr).toContain(text);
  });

  test('by profile holds under that profile alone', async () => {
    const other = writeFiles(
      join(folderWith(cluster, {}), 'other'),
      profileFiles({ name: 'other', controls: controlText('c-1', failing['c-1']) }),
    );
    const ran = await scanAll({ 'w.yml': `c-1: ${entry('{profile: oth*}')}\n` }, '-p', other, '--report', 'hdf');
    expect(found(ran)).toMatchObject({ failing: { 'c-1': ['failed'] }, other: { 'c-1': ['skipped'] } });
  });

  const refused: [what: string, name: string, text: string, why: RegExp][] = [
    [
      'a selector that is none',
      'w.yml',
      `c-1: ${entry('front')}\n`,
      /"c-1": target\[0\]\.selector: expected kind\/name/,
    ],
    ['an unknown condition', 'w.yml', `c-1: ${entry('{pods: front}')}\n`, /"c-1": target\[0\]\.pods is not a key here/],
    [
      'the key misspelt',
      'w.yml',
      'c-1: {justification: x, tagret: pod/a}\n',
      /tagret is not a key here; did you mean target/,
    ],
    ['an ending of no waiver file', 'w.txt', `c-1: ${entry('pod/front')}\n`, /Unsupported file extension for 'w\.txt'/],
  ];
  test.each(refused)('is refused with %s before anything is made', async (...[, name, text, why]) => {
    expectRefused(await scan(name, text), { code: 'WAIVER_INVALID', exit: 2, message: why, remedy: /justification/ });
  });
});

const scan = (name: string, text: string): Promise<Transcript> =>
  cincScan(cluster, ['scan', 'web', '-n', namespace, '-q', '-p', profile, '--waivers', name], {
    cwd: folderWith(cluster, { [name]: text }),
  });

describe('a waiver file with', () => {
  const csv = 'control_id,justification,run,expiration_date';
  const taken: [what: string, name: string, text: string, warning: RegExp][] = [
    ['more fields', 'w.yml', 'c-1:\n  justification: x\n  run: false\n  ticket: S-1\n', /extra parameter.*ticket/],
    ['a number for a reason', 'w.yaml', 'c-1:\n  justification: 4711\n  run: no\n', /no expiration_date/],
    ['blank columns and rows', 'w.csv', `${csv},,,\nc-1,x,FALSE,,,,\n,,,,,,\n`, /Column can't be nil/],
    ['line ends of Windows', 'w.CSV', `${csv}\r\nc-1,x,no,\r\n`, /no expiration_date/],
    ['its ending in capitals', 'W.YML', 'c-1: {justification: x, run: off}\n', /no expiration_date/],
    [
      'more fields in JSON',
      'w.json',
      '{"c-1": {"justification": 1.5, "run": "no", "by": {"a": 1}}}',
      /extra parameter.*by/,
    ],
    [
      'an id that is a number',
      'w.yml',
      '1.1: {justification: x}\nc-1: {justification: x, run: no}\n',
      /1\.1 is read as a Float/,
    ],
  ];
  test.each(taken)('%s waives, and what is odd is told', async (...[, name, text, warning]) => {
    const ran = await scan(name, text);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(found(ran)).toEqual({ waived: { 'c-1': ['skipped'], 'c-2': ['passed'] } });
    expect(manifest(ran).warnings.join('\n')).toMatch(warning);
  });

  const nothing: [what: string, name: string, text: string, warning: RegExp][] = [
    ['nothing', 'w.yml', '', /is empty/],
    ['comments', 'w.yml', '# none at the moment\n', /YAML file is empty/],
    ['nothing, as a table', 'w.csv', '', /is empty/],
  ];
  test.each(nothing)('%s waives nothing, and that is told', async (...[, name, text, warning]) => {
    const ran = await scan(name, text);
    expect(found(ran)).toEqual({ waived: { 'c-1': ['failed'], 'c-2': ['passed'] } });
    expect({ code: ran.code, warnings: manifest(ran).warnings }).toEqual({
      code: 3,
      warnings: [expect.stringMatching(warning)],
    });
  });

  const good = 'c-1: {justification: x, run: false}\n';
  const refused: [what: string, name: string, text: string, why: RegExp][] = [
    ['another ending', 'waivers.txt', good, /Unsupported file extension/],
    ['no ending', 'waivers', good, /Unsupported file extension/],
    ['the ending of a workbook', 'waivers.xlsx', good, /Unsupported file extension/],
    ['a header alone', 'w.csv', `${csv}\n`, /Missing required header/],
    ['another header', 'w.csv', 'control_id,reason\nc-1,x\n', /justification/],
    [
      'a byte order mark before its header',
      'w.csv',
      `\uFEFF${csv}\nc-1,x,no,\n`,
      /Missing required header.*control_id/,
    ],
    ['two kinds of line ends', 'w.csv', `${csv}\nc-1,x,no,\r\nc-2,y,no,\n`, /CSV/],
    ['no reason', 'w.json', '{"c-1": {"run": false}}', /justification: missing/],
    ['a date that is none', 'w.yml', 'c-1: {justification: x, expiration_date: 2026-02-30}\n', /YYYY-MM-DD/],
  ];
  test.each(refused)('%s is refused with the reason before anything is made', async (...[, name, text, why]) => {
    expectRefused(await scan(name, text), { code: 'WAIVER_INVALID', exit: 2, message: why, remedy: /justification/ });
  });
});
