// SPDX-License-Identifier: Apache-2.0
import type { Input } from '../input/input.ts';
import type { Journal } from '../journal.ts';
import type { Reader, Wanted } from '../reader.ts';
import type { About } from '../reading.ts';
import { type Fields, has, textAt } from '../values.ts';
import { checkSection, checksOf, countProblem, noChecks, readCheck, sumOf, totalsOf } from './bench.ts';

const isSection = (document: unknown): document is Fields =>
  has(document, 'id', 'tests', 'total_pass', 'node_type') && !has(document, 'DefinedConstraints');
const isReport = (document: unknown): document is Fields => has(document, 'Controls', 'Totals');
const isList = (document: unknown): document is unknown[] =>
  Array.isArray(document) && document.length > 0 && document.every(item => isSection(item));

// https://github.com/aquasecurity/kube-bench: {Controls, Totals} since 0.5, a list since 0.3.1, one object a section before.
export const kubeBench: Reader = {
  tool: 'kube-bench',
  title: 'kube-bench',
  framing: 'lines',
  exits: [0],
  fits: ({ documents }: Input) =>
    documents.length > 0 && documents.every(document => isReport(document) || isList(document) || isSection(document)),
  read: ({ frames }, journal, wanted) => {
    const { documents, lines } = frames.kind === 'framed' ? frames : { documents: [], lines: [] };
    readLines(lines, journal);
    const reports = documents.filter(document => !isSection(document));
    if (reports.length > 1 || (reports.length === 1 && documents.length > 1))
      journal.problem('unreadable', 'it holds several reports: write one file for each node');
    if (reports.length === 0 && documents.length > 0)
      journal.problem(
        'unproven',
        'it is one object for each section, so nothing shows whether the last one is there',
        'end',
      );
    const sections = documents.flatMap(document => sectionsOf(document, journal));
    return readSections(sections, journal, wanted);
  },
};

function sectionsOf(document: unknown, journal: Journal): Fields[] {
  if (isSection(document)) return [document];
  if (!isReport(document)) return journal.objects(document, 'the list of sections');
  const sections = journal.needed(document['Controls'], 'Controls');
  const totals = totalsOf(document['Totals']);
  if (totals === undefined) journal.problem('unreadable', 'Totals are not numbers');
  const listed = sumOf(sections.map(section => totalsOf(section) ?? noChecks));
  const problem = totals === undefined ? undefined : countProblem('Totals', totals, listed);
  if (problem !== undefined) journal.problem('contradiction', problem);
  return sections;
}

// https://github.com/kubernetes/klog: the first letter is the severity.
const klog = /^[IWEF]\d{4} /;

function readLines(lines: readonly string[], journal: Journal): void {
  if (lines.length > 0) journal.warn(`${lines.length} lines of other text are around the report`);
  if (lines.some(line => klog.test(line) && /^[EF]/.test(line)))
    journal.problem('not-looked', 'the log around the report names an error');
}

function readSections(sections: Fields[], journal: Journal, { parts }: Wanted): About {
  const benchmarks = new Set(sections.map(section => textAt(section, 'version')));
  const names = new Set(sections.flatMap(section => [textAt(section, 'id'), textAt(section, 'node_type')]));
  for (const part of parts) if (!names.has(part)) journal.problem('incomplete', `there is no section ${part}`);
  for (const section of sections) readSection(section, journal);
  const checked = sections.flatMap(section => checksOf(section, journal));
  if (!checked.some(({ status }) => status !== 'INFO')) journal.problem('not-looked', 'no check was made');
  return {
    tool: 'kube-bench',
    version: undefined,
    target: undefined,
    checkedAt: undefined,
    ruleset: `kube-bench ${[...benchmarks].toSorted().join(' ')}`,
  };
}

function readSection(section: Fields, journal: Journal): void {
  checkSection(section, journal);
  const role = textAt(section, 'node_type');
  const benchmark = [textAt(section, 'version'), textAt(section, 'detected_version')].find(Boolean) ?? '';
  for (const check of checksOf(section, journal))
    readCheck(check, journal, { resource: role, ruleKey: `${benchmark} ${check.id}` });
}
