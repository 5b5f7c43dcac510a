// SPDX-License-Identifier: Apache-2.0
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { command, commandHere, gateFixtures, temporaryFolder } from '../../../test/support/command.ts';

interface Case {
  name: string;
  hdf: string;
  threshold?: string;
  inline?: string;
  options?: { profiles?: string; rounding?: string; strict?: boolean; baselineMissing?: string };
  expected: { exit: number; reason: string; violations: string[]; warnings: string[] };
}
interface RegressionCase extends Pick<Case, 'name' | 'hdf' | 'options'> {
  baseline: string | null;
  expected: { exit: number; reason: string; warnings?: string[]; [change: string]: unknown };
}
interface Answer {
  verdict: string;
  reason: string;
  exit: number;
  exitCode: number;
  problems: { reason: string; message: string }[];
  files: {
    file: string;
    reason: string;
    violations: { key: string; controls: string[] }[];
    warnings: { code: string }[];
    baseline: Record<string, unknown> | null;
  }[];
}

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const fixture = (name: string) => join(gateFixtures, name);
const parseFixture = (name: string): unknown => JSON.parse(readFileSync(fixture(name), 'utf8'));
const parseAnswer = (text: string) => JSON.parse(text) as Answer;

function place(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

function flagsOf({ profiles, rounding, strict, baselineMissing }: NonNullable<Case['options']> = {}): string[] {
  return [
    ...(profiles === 'all' ? ['--all-profiles'] : []),
    ...(rounding === undefined ? [] : ['--rounding', rounding]),
    ...(strict === true ? ['--strict'] : []),
    ...(baselineMissing === undefined ? [] : ['--baseline-missing', baselineMissing]),
  ];
}

function argsOf({ hdf, threshold, inline, options }: Case): string[] {
  const bounds = inline === undefined ? ['-T', place('threshold.yml', threshold ?? '')] : [`-I${inline}`];
  return ['gate', '-i', fixture(hdf), ...bounds, ...flagsOf(options), '--json'];
}

const cases = parseFixture('cases.json') as Case[];

function expectAnswer(found: Answer, { expected }: Case): void {
  const [file] = found.files;
  expect({
    exit: found.exit,
    reason: found.reason,
    violations: file?.violations.map(({ key }) => key) ?? [],
    warnings: file?.warnings.map(({ code }) => code) ?? [],
  }).toEqual(expected);
}

describe('the command answers as the gate does', () => {
  test.each(cases.map(one => [one.name, one] as const))('%s', async (_, one) => {
    const { code, stdout } = await commandHere(argsOf(one));
    expect(code).toBe(one.expected.exit);
    expectAnswer(parseAnswer(stdout), one);
  });

  test('and a process ends with the exit code, for one case of each reason', async () => {
    const ofEachReason = [...Map.groupBy(cases, ({ expected }) => expected.reason).values()].map(([one]) => one);
    const found = await Promise.all(
      ofEachReason.map(async (one, index) => {
        if (one === undefined) return undefined;
        const args = argsOf({ ...one, ...(one.threshold !== undefined && { threshold: one.threshold }) });
        const own = one.threshold === undefined ? args : args.with(4, place(`${index}.yml`, one.threshold));
        const { code, stdout } = await command(own);
        return { code, reason: parseAnswer(stdout).reason };
      }),
    );
    expect(found).toEqual(ofEachReason.map(one => ({ code: one?.expected.exit, reason: one?.expected.reason })));
  });
});

describe('the command compares as the regression gate does', () => {
  const regressions = parseFixture('regression.json') as RegressionCase[];
  test.each(regressions.map(one => [one.name, one] as const))('%s', async (_, { baseline, hdf, options, expected }) => {
    const earlier = baseline === null ? join(folder.path, 'absent.json') : fixture(baseline);
    const args = ['gate', '-i', fixture(hdf), '--baseline', earlier, '--json'];
    const { code, stdout } = await commandHere(args.concat(flagsOf(options)));
    const { reason, files } = parseAnswer(stdout);
    const { exit, reason: wanted, warnings, ...changes } = expected;
    expect({ code, reason }).toEqual({ code: exit, reason: wanted });
    if (exit === 2) return;
    expect(files[0]?.baseline).toMatchObject(changes);
    expect(files[0]?.warnings.map(warning => warning.code)).toEqual(warnings);
  });

  test('a baseline that is not there is an error unless everything may be new', async () => {
    const absent = join(folder.path, 'absent.json');
    const { code, stderr } = await commandHere(['gate', '-i', fixture('mix.json'), '--baseline', absent]);
    expect(code).toBe(2);
    expect(stderr).toContain('baseline-unreadable');
    expect(stderr).toContain('there is no such file');
  });

  test.each([
    [['-T', '90'], '90: there is no such file; bounds are passed with -I: -I 90'],
    [['-T', '{failed.total.max: 0}'], 'bounds are passed with -I: -I "{failed.total.max: 0}"'],
    [['-T', 'nowhere.yml'], 'nowhere.yml: there is no such file\n'],
    [['-I', fixture('mix.json')], `a file is passed with -T: -T ${fixture('mix.json')}`],
    [['--threshold', '90'], "unknown option '--threshold'; result files are judged by -T FILE or -I BOUNDS"],
  ])('a threshold under the wrong flag is told its own: %j', async (flags, said) => {
    const { code, stderr } = await commandHere(['gate', '-i', fixture('mix.json'), ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });

  test('a folder of earlier results has one for each target', async () => {
    const earlier = join(folder.path, 'earlier');
    mkdirSync(earlier);
    copyFileSync(fixture('regression-base.json'), join(earlier, 'a.json'));
    copyFileSync(fixture('mix.json'), join(earlier, 'b.json'));
    const now = join(folder.path, 'now');
    mkdirSync(now);
    for (const name of ['a.json', 'b.json', 'c.json']) copyFileSync(fixture('mix.json'), join(now, name));
    copyFileSync(fixture('regression-now.json'), join(now, 'a.json'));
    const files = ['a.json', 'b.json', 'c.json'].map(name => join(now, name));
    const judge = async (...more: string[]) =>
      parseAnswer((await commandHere(['gate', '-i', ...files, '--baseline', earlier, '--json', ...more])).stdout);
    const found = await judge();
    expect(found.files.map(({ reason }) => reason)).toEqual(['regression', 'pass', 'baseline-unreadable']);
    expect(found).toMatchObject({ exit: 2, reason: 'baseline-unreadable' });
    const lenient = await judge('--baseline-missing', 'all-new');
    expect(lenient.files.map(({ reason }) => reason)).toEqual(['regression', 'pass', 'regression']);
  });
});

describe('what keeps the gate from judging ends with 2, whatever else was found', () => {
  const refused: [name: string, args: string[], message: RegExp][] = [
    ['no results', ['-I', '1'], /required option '-i, --results/],
    ['a threshold given twice', ['-i', 'mix.json', '-T', 'a.yml', '-I', '1'], /Give the threshold once/],
    ['an unknown flag', ['-i', 'mix.json', '-I', '1', '--thresold', '2'], /unknown option '--thresold'/],
    ['an argument that is no flag', ['x.json', '-i', 'mix.json', '-I', '1'], /too many arguments|unexpected/i],
    ['nothing to judge by', ['-i', 'mix.json'], /spec-missing/],
    ['a threshold that is not there', ['-i', 'mix.json', '-T', 'none.yml'], /spec-unreadable: none\.yml/],
    ['a threshold that is a folder', ['-i', 'mix.json', '-T', '/'], /spec-unreadable: \/: it is a directory/],
    ['a threshold without an end', ['-i', 'mix.json', '-T', '/dev/zero'], /spec-unreadable: \/dev\/zero: larger than/],
    ['a conflict with fail-on', ['-i', 'mix.json', '-I', 'failed.high.max: 1', '--fail-on', 'low'], /spec-conflict/],
    ['an unknown severity', ['-i', 'mix.json', '--fail-on', 'worst'], /--fail-on: expected one of/],
  ];
  test.each(refused)('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await commandHere(['gate', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('every problem of the threshold and the baseline is told at once', async () => {
    const threshold = place('bad.yml', 'complience: {min: 90}\nfailed: {total: {max: zero}}\n');
    const { code, stdout } = await commandHere([
      'gate',
      '-i',
      fixture('mix.json'),
      '-T',
      threshold,
      '--baseline',
      'nowhere.json',
      '--json',
    ]);
    expect(code).toBe(2);
    const { reason, problems } = parseAnswer(stdout);
    expect(reason).toBe('spec-unknown-key');
    expect(problems.map(problem => problem.reason)).toEqual(
      expect.arrayContaining(['spec-unknown-key', 'spec-value', 'baseline-unreadable']),
    );
  });

  test('a result that cannot be read outranks one below the threshold, also for report-only', async () => {
    const files = [fixture('mix.json'), join(folder.path, 'absent.json'), fixture('not-json.json'), folder.path];
    for (const more of [[], ['--report-only']]) {
      const { code, stdout } = await commandHere(['gate', '-i', ...files, '-I', '99', '--json', ...more]);
      const { files: judged, exit } = parseAnswer(stdout);
      expect({ code, exit }).toEqual({ code: 2, exit: 2 });
      const reasons = judged.map(({ reason }) => reason);
      expect(reasons).toEqual(['below-threshold', 'hdf-unreadable', 'hdf-invalid', 'hdf-unreadable']);
    }
  });

  test('results that are not UTF-8 are judged as SAF judges them, with a warning', async () => {
    const path = join(folder.path, 'latin1.json');
    const text = readFileSync(join(gateFixtures, 'clean.json'), 'latin1').replace(/"title": ?"/, '$&\xe9');
    writeFileSync(path, Buffer.from(text, 'latin1'));
    const { code, stderr } = await commandHere(['gate', '-i', path, '-I', '1']);
    expect(code).toBe(0);
    expect(stderr).toContain('latin1.json is not UTF-8');
  });
});

describe('options', () => {
  test('the worst of several files decides, in whatever order', async () => {
    for (const names of [
      ['clean.json', 'mix.json'],
      ['mix.json', 'clean.json'],
    ]) {
      const { code, stdout } = await commandHere(['gate', '-i', ...names.map(fixture), '-I', '99']);
      expect(code).toBe(3);
      expect(stdout).toMatch(/^FAIL: below-threshold, 1 of 2 files; exit 3\n/);
    }
  });

  test('report-only softens 3 alone, and says so', async () => {
    const { code, stdout } = await commandHere(['gate', '-i', fixture('mix.json'), '-I', '99', '--report-only']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^FAIL: below-threshold, 1 of 1 file \(report-only: exit 0\); exit 3\n/);
  });

  test('every violation is told with what was expected, what was found, and the controls', async () => {
    const { stdout } = await commandHere([
      'gate',
      '-i',
      fixture('mix.json'),
      '-I',
      '{failed.high.max: 0}, {compliance.min: 57}',
    ]);
    expect(stdout).toContain('✗ compliance.min: expected compliance at least 57 %, actual 55.55 % (5 of 9)');
    expect(stdout).toMatch(/✗ failed\.high\.max: expected at most 0 .*, actual 1\n {6}f-high\n/);
  });

  test('explain tells of every control how it was counted, in text and in JSON', async () => {
    const args = ['gate', '-i', fixture('mix.json'), '-I', '1', '--explain'];
    const { stdout } = await commandHere(args);
    expect(stdout).toContain('baseline f-high: failed (a result failed), severity high (impact 0.7)');
    expect(stdout).toContain('baseline e-low: error (no results), severity low (impact 0.3)');
    const json = parseAnswer((await commandHere([...args, '--json'])).stdout);
    expect(json.files[0]).toMatchObject({ explanation: expect.arrayContaining([expect.stringContaining('n-none')]) });
  });

  test('results without controls pass only when that is asked for, and not by a variable meant for scans', async () => {
    const args = ['gate', '-i', fixture('no-controls.json'), '-I', 'failed.total.max: 0'];
    expect((await commandHere(args)).code).toBe(2);
    expect((await commandHere(args, { env: { CINC_SCAN_ALLOW_EMPTY: 'true' } })).code).toBe(2);
    expect((await commandHere([...args, '--allow-empty'])).code).toBe(0);
  });

  test('a threshold of the environment counts where no flag names one', async () => {
    const env = { CINC_SCAN_THRESHOLD: '99' };
    expect((await commandHere(['gate', '-i', fixture('mix.json')], { env })).code).toBe(3);
    expect((await commandHere(['gate', '-i', fixture('mix.json'), '-I', '1'], { env })).code).toBe(0);
  });

  test('one file holds thresholds for several targets', async () => {
    const set = place(
      'set.yml',
      'default: {compliance.min: 99}\ntargets: [{match: {selector: file/mix}, threshold: {compliance.min: 50}}]\n',
    );
    const other = join(folder.path, 'other.json');
    copyFileSync(fixture('mix.json'), other);
    const { stdout } = await commandHere(['gate', '-i', fixture('mix.json'), other, '-T', set, '--json']);
    expect(parseAnswer(stdout).files.map(({ reason }) => reason)).toEqual(['pass', 'below-threshold']);
  });
});

describe('hostile names', () => {
  test('of files neither forge lines nor commands, and odd ones are read', async () => {
    const names = ['::error::x\nPASS: pass.json', '##vso[task.complete].json', '-i.json', 'ü ‮.json'];
    const paths = names.map(name => {
      const path = join(folder.path, name);
      copyFileSync(fixture('mix.json'), path);
      return path;
    });
    const { code, stdout } = await commandHere(['gate', '-i', ...paths, '-I', '99']);
    expect(code).toBe(3);
    expect(stdout.split('\n').filter(line => /^(PASS|::|\s*##)/.test(line))).toEqual([]);
    expect(stdout).not.toContain('##vso[');
    expect(stdout).not.toContain('\u202e');
    expect(stdout).toMatch(/^FAIL: below-threshold, 4 of 4 files/);
  });

  test('of controls are one line each', async () => {
    const hdf = parseFixture('mix.json') as { profiles: { controls: { id: string }[] }[] };
    const control = hdf.profiles[0]?.controls.find(({ id }) => id === 'f-high');
    if (control === undefined) throw new Error('the fixture has changed');
    control.id = 'x\u001b[2J\n::error::forged';
    const path = place('hostile.json', JSON.stringify(hdf));
    const { stdout } = await commandHere(['gate', '-i', path, '-I', 'failed.high.max: 0', '--explain']);
    expect(stdout).not.toMatch(/^\s*::error/m);
    expect(stdout).not.toContain('\u001b');
  });

  test('a file without permission to read it is unreadable', async () => {
    const path = place('secret.json', '{}');
    chmodSync(path, 0o000);
    const { code } = await commandHere(['gate', '-i', path, '-I', '1', '--json']);
    expect(code).toBe(2); // root may read it, and then it is no result
  });
});
