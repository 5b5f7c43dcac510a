// SPDX-License-Identifier: Apache-2.0
// What kube-bench and linux-bench have in common: sections with tests, and tests with checks.
import type { Rating, RawFinding } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import { type Fields, numberAt, textAt } from '../values.ts';

export interface Check {
  id: string;
  title: string;
  status: string;
  type: string;
  reason: string;
  actual: string;
}

/** How many checks passed, failed, warned, and only informed. */
export type Counts = readonly [pass: number, fail: number, warn: number, info: number];
export const noChecks: Counts = [0, 0, 0, 0];
const names = ['pass', 'fail', 'warn', 'info'] as const;

export const sumOf = (all: readonly Counts[]): Counts =>
  all.reduce<Counts>(([p, f, w, i], [pass, fail, warn, info]) => [p + pass, f + fail, w + warn, i + info], noChecks);

/** The numbers that an object gives; undefined if one of them is missing. */
export function totalsOf(value: unknown, prefix = 'total_'): Counts | undefined {
  const [pass, fail, warn, info] = names.map(name => numberAt(value, `${prefix}${name}`));
  if (pass === undefined || fail === undefined || warn === undefined || info === undefined) return undefined;
  return [pass, fail, warn, info];
}

/** What keeps numbers from fitting the lists: the file was cut, or changed. */
export function countProblem(where: string, told: Counts, counted: Counts): string | undefined {
  if (told.every((number, index) => number === counted[index])) return undefined;
  return `${where} has totals of ${shown(told)}, and ${shown(counted)} are listed`;
}

const shown = (counts: Counts): string => names.map((name, index) => `${counts[index] ?? 0} ${name}`).join(', ');

const statuses = ['PASS', 'FAIL', 'WARN', 'INFO'];

/** The checks of a section, in the order of its tests. */
export const checksOf = (section: Fields, journal: Journal): Check[] =>
  testsOf(section, journal).flatMap(test => checksIn(test, journal));

const testsOf = (section: Fields, journal: Journal): Fields[] =>
  journal.needed(section['tests'], `tests of section ${textAt(section, 'id')}`);

const checksIn = (test: Fields, journal: Journal): Check[] =>
  journal.needed(test['results'], `results of section ${textAt(test, 'section')}`).map(result => ({
    id: textAt(result, 'test_number'),
    title: textAt(result, 'test_desc'),
    status: textAt(result, 'status'),
    type: textAt(result, 'type'),
    reason: textAt(result, 'reason'),
    actual: textAt(result, 'actual_value'),
  }));

/** Numbers that contradict the lists. */
export function checkSection(section: Fields, journal: Journal): void {
  const tests = testsOf(section, journal);
  const where = `section ${textAt(section, 'id')}`;
  const told = totalsOf(section);
  if (told === undefined) journal.problem('unreadable', `${where} has no totals`);
  const problems = [
    ...tests.map(test => {
      const counts = totalsOf(test, '');
      const name = `section ${textAt(test, 'section')}`;
      return counts === undefined ? undefined : countProblem(name, counts, countOf(checksIn(test, journal)));
    }),
    told === undefined ? undefined : countProblem(where, told, countOf(checksOf(section, journal))),
  ];
  for (const problem of problems) if (problem !== undefined) journal.problem('contradiction', problem);
}

function countOf(checks: readonly Check[]): Counts {
  const [pass = 0, fail = 0, warn = 0, info = 0] = statuses.map(
    status => checks.filter(check => check.status === status).length,
  );
  return [pass, fail, warn, info];
}

/** Where a check belongs. */
export interface CheckPlace {
  resource: string;
  ruleKey: string;
}

export function readCheck(check: Check, journal: Journal, place: CheckPlace): void {
  const { id, title, status } = check;
  if (id === '') journal.problem('unreadable', 'a check has no number');
  if (!statuses.includes(status)) journal.unknownStatus(status, `check ${id}`);
  if (status === 'PASS') journal.passes.push({ rule: id, title, place: place.resource });
  else if (status === 'INFO' || isManual(check)) journal.unchecked.add(id);
  else if (isBroken(check)) {
    journal.unchecked.add(id);
    journal.problem('not-looked', `check ${id} could not be made: its command failed to run`);
  } else journal.findings.push(toFinding(check, place));
}

const toFinding = ({ id, title, status, actual, reason }: Check, { resource, ruleKey }: CheckPlace): RawFinding => ({
  kind: 'misconfiguration',
  rule: id,
  ruleKey,
  aliases: [],
  title,
  rating: ratingOf(status),
  place: { resource },
  evidence: actual || reason,
});

const isManual = ({ status, type, reason }: Check): boolean =>
  status === 'WARN' && (type === 'manual' || reason === 'Test marked as a manual test');

/** The command of the check did not run, so nobody knows: kube-bench calls that FAIL or WARN all the same. */
const isBroken = ({ reason }: Check): boolean => reason.startsWith('failed to run');

// The benchmarks have no severities: a failed check stands beside one that only warns.
const ratingOf = (status: string): Rating => ({
  severity: status === 'FAIL' ? 'medium' : 'low',
  raw: status,
  source: 'status',
});
