// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { prints, problems, read, readJson, readText, rules, sampleText, summary } from '../testing/samples.ts';

// A report whose numbers fit its lists, as the tool writes it; those of the samples were cut.
const result = (id: string, status: string, more: object = {}) => ({
  test_number: id,
  test_desc: `Ensure ${id}`,
  status,
  ...more,
});

type Result = ReturnType<typeof result>;

function section(id: string, role: string, results: Result[]): object {
  const count = (status: string) => results.filter(each => each.status === status).length;
  const [pass, fail, warn, info] = ['PASS', 'FAIL', 'WARN', 'INFO'].map(status => count(status));
  const totals = { total_pass: pass, total_fail: fail, total_warn: warn, total_info: info };
  return {
    id,
    version: 'cis-1.10',
    node_type: role,
    tests: [{ section: id, pass, fail, warn, info, results }],
    ...totals,
  };
}

function report(...sections: object[]): object {
  const sum = (key: string) =>
    sections.reduce((total, each) => total + Number(Object.entries(each).find(([name]) => name === key)?.[1]), 0);
  const keys = ['total_pass', 'total_fail', 'total_warn', 'total_info'];
  return { Controls: sections, Totals: Object.fromEntries(keys.map(key => [key, sum(key)])) };
}

const node = section('4', 'node', [
  result('4.1.1', 'FAIL'),
  result('4.1.2', 'WARN', { reason: 'x' }),
  result('4.1.3', 'WARN', { type: 'manual' }),
  result('4.1.4', 'PASS'),
  result('4.1.5', 'INFO', { type: 'skip' }),
]);

describe('kube-bench', () => {
  test('finds what failed or warns, and leaves manual checks open', () => {
    const reading = readJson('kube-bench', report(node));
    expect(reading.kind).toBe('looked');
    expect(rules(reading)).toEqual(['4.1.1 medium', '4.1.2 low']);
    expect(reading.unchecked).toEqual(['4.1.3', '4.1.5']);
    expect(reading.passes).toEqual([{ rule: '4.1.4', title: 'Ensure 4.1.4', place: 'node' }]);
    expect(reading.about.ruleset).toBe('kube-bench cis-1.10');
  });

  test.each<[shape: string, text: string]>([
    ['a report', JSON.stringify(report(node))],
    ['a list', JSON.stringify([node])],
    ['a log', `I1129 14:00:01.000000  1 root.go:75] Running\n${JSON.stringify(report(node))}\n`],
  ])('is the same as %s', (_shape, text) => {
    const reading = readText('kube-bench', text);
    expect(reading.kind).toBe('looked');
    expect(prints(reading)).toEqual(prints(readJson('kube-bench', report(node))));
  });

  test('of versions before 0.3.1 does not show that its last section is there', () => {
    const text = `[INFO] Using config file\n${JSON.stringify(node)}\n${JSON.stringify(section('5', 'policies', [result('5.1', 'FAIL')]))}`;
    const reading = readText('kube-bench', text);
    expect(reading).toMatchObject({ kind: 'not-looked', problems: [{ reason: 'unproven', doubt: 'end' }] });
    expect(rules(reading)).toEqual(['4.1.1 medium', '4.1.2 low', '5.1 medium']);
  });

  test('has not looked where a check failed to run', () => {
    const broken = section('4', 'node', [
      result('4.1.1', 'FAIL', { reason: 'failed to run: "stat", output: "", error: exit status 127' }),
      result('4.1.2', 'WARN', { reason: 'failed to run: x' }),
      result('4.1.4', 'PASS'),
    ]);
    expect(problems(readJson('kube-bench', report(broken)))).toEqual([
      'not-looked: check 4.1.1 could not be made: its command failed to run',
      'not-looked: check 4.1.2 could not be made: its command failed to run',
    ]);
    expect(readJson('kube-bench', report(broken)).findings).toEqual([]);
  });

  test.each<[what: string, document: object, problem: string]>([
    ['no check', report(section('4', 'node', [result('4.1.5', 'INFO')])), 'not-looked: no check was made'],
    [
      'no section',
      { Controls: [], Totals: { total_pass: 0, total_fail: 0, total_warn: 0, total_info: 0 } },
      'not-looked: no check was made',
    ],
    ['no list of sections', { Controls: null, Totals: {} }, 'not-looked: there is no list Controls'],
    [
      'a status that is not known',
      report(section('4', 'node', [result('4.1.1', 'MAYBE')])),
      'unreadable: check 4.1.1 has a status that is not known: "MAYBE"',
    ],
    [
      'other totals',
      { ...report(node), Totals: { total_pass: 9, total_fail: 0, total_warn: 0, total_info: 0 } },
      'contradiction: Totals has totals of 9 pass, 0 fail, 0 warn, 0 info, and 1 pass, 1 fail, 2 warn, 1 info are listed',
    ],
    [
      'a list that was cut',
      report({ ...node, tests: [] }),
      'contradiction: section 4 has totals of 1 pass, 1 fail, 2 warn, 1 info, and 0 pass, 0 fail, 0 warn, 0 info are listed',
    ],
  ])('is not believed with %s', (_what, document, problem) =>
    expect(problems(readJson('kube-bench', document))).toContain(problem),
  );

  test('has to have every section that is wanted', () => {
    expect(problems(readJson('kube-bench', report(node), { parts: ['node', 'policies'] }))).toEqual([
      'incomplete: there is no section policies',
    ]);
  });

  test('has not looked at all if its log tells of an error', () => {
    const text = `E1129 14:00:01.000000  1 root.go:75] unable to read\n${JSON.stringify(report(node))}`;
    expect(problems(readText('kube-bench', text))).toEqual(['not-looked: the log around the report names an error']);
  });

  test('is one node a file', () => {
    const text = JSON.stringify(report(node));
    expect(problems(readText('kube-bench', `${text}\n${text}`))).toEqual([
      'unreadable: it holds several reports: write one file for each node',
    ]);
  });

  test('numbers anew with each benchmark, so its rules are other ones there', () => {
    const [old] = prints(readJson('kube-bench', report(node)));
    const renewed = JSON.stringify(report(node)).replaceAll('cis-1.10', 'cis-1.6');
    expect(prints(readText('kube-bench', renewed))).not.toContain(old);
  });
});

describe('linux-bench', () => {
  const text = sampleText('linux-bench/controls.json');

  test('is read as its own, with manual and skipped checks left open', () => {
    const reading = read('linux-bench/controls.json');
    expect(rules(reading)).toEqual(['1.1.1.1.a medium']);
    expect(reading.unchecked).toEqual(['1.1.2', '1.6.2.1']);
  });

  test('has not looked if it did not recognize the platform', () => {
    const unknown = text.replace(/"platform": \[\s*"debian"\s*\]/, '"platform": [""]');
    expect(unknown).not.toBe(text);
    expect(problems(readText('linux-bench', unknown))).toEqual([
      'not-looked: it did not recognize the platform, so checks for it were left out',
    ]);
  });

  test('is not believed if its numbers contradict its lists', () => {
    expect(summary(readText('linux-bench', text.replace('"total_fail": 1', '"total_fail": 2')))).toBe(
      'contradiction: 1 findings',
    );
  });
});
