// SPDX-License-Identifier: Apache-2.0
import type { ComparedFinding } from '../../findings/index.ts';
import { fitJunit, type Junit } from '../junit.ts';
import { type Mark, type TestCase, type TestSuite, timestamp, uniqueNames } from '../junit-suites.ts';
import { oneLine, shortLine } from '../text.ts';
import { byText, plural } from '../words.ts';
import type { FindingsModel, ShownSource } from './model.ts';
import { placeText, sentence, toolText, worstFirst } from './tally.ts';

// GitLab takes files below 30 MB, and nobody reads a list of more.
const mostCases = 20_000;

/** A suite for each source: one case for whether it looked, one for each finding. */
export const renderFindingsJunit = (model: FindingsModel): Junit => fitSuites(model, toFindingsSuites(model));

function toFindingsSuites(model: FindingsModel): TestSuite[] {
  const bySource = Map.groupBy(worstFirst(model.rows).slice(0, mostCases), firstSource);
  const known = new Set(model.sources.map(({ id }) => id));
  const suites = model.sources.map(source => toSuite(model, source, bySource.get(source.id) ?? []));
  const others = [...bySource]
    .filter(([id]) => !known.has(id))
    .toSorted(([a], [b]) => byText(a, b))
    .map(
      ([id, rows]): TestSuite => ({ ...emptySuite(model, id), cases: uniqueNames(rows.map(row => toCase(row, id))) }),
    );
  const leftOut = model.rows.length - mostCases;
  const rest = leftOut > 0 ? [restSuite(model, leftOut)] : [];
  return [...suites, ...others, ...rest];
}

function fitSuites({ rows }: FindingsModel, suites: TestSuite[]): Junit {
  const fitted = fitJunit(suites);
  return { ...fitted, truncated: fitted.truncated || rows.length > mostCases };
}

/**
 * For systems where a failing case changes the build by itself: what the verdict does not mind is skipped. A source that did
 * not look is an error all the same.
 */
export function renderFindingsJunitGate(model: FindingsModel): Junit {
  const suites = toFindingsSuites(model);
  if (model.exitCode === 3) return fitSuites(model, suites);
  return fitSuites(
    model,
    suites.map(suite => ({ ...suite, cases: suite.cases.map(one => tolerate(one)) })),
  );
}

function tolerate(one: TestCase): TestCase {
  if (one.mark?.element !== 'failure') return one;
  return { ...one, mark: { element: 'skipped', message: `tolerated: ${one.mark.message}` } };
}

const firstSource = ({ finding }: ComparedFinding): string => finding.reportedBy[0]?.source ?? '';

const emptySuite = ({ run }: FindingsModel, name: string): TestSuite => ({
  name,
  timestamp: timestamp(run.at),
  properties: [],
  cases: [],
});

function toSuite(model: FindingsModel, source: ShownSource, rows: readonly ComparedFinding[]): TestSuite {
  const { id, target, ruleset } = source;
  return {
    ...emptySuite(model, `${id} (${source.tool}, ${target})`),
    properties: [
      ['tool', toolText(source)],
      ['target', target],
      ['ruleset', ruleset],
    ],
    cases: uniqueNames([lookCase(source), ...rows.map(row => toCase(row, id))]),
  };
}

// Dots separate the parts of a class, so none may stand inside one.
const classPart = (text: string) => oneLine(text).replaceAll(/[./ ]/g, '_');

function lookCase({ id, target, problems }: ShownSource): TestCase {
  const [first] = problems;
  const body = problems.map(({ code, file, text }) => `${code}: ${file}: ${text}`).join('\n');
  return {
    classname: classPart(id),
    name: shortLine(`it looked at ${target}`, 160),
    seconds: 0,
    mark: first === undefined ? undefined : { element: 'error', type: first.code, message: first.text, body },
    control: undefined,
  };
}

function toCase(row: ComparedFinding, source: string): TestCase {
  const { finding } = row;
  const name = [finding.rule, placeText(finding), finding.title].filter(Boolean).join(': ');
  return {
    classname: `${classPart(source)}.${classPart(finding.rule)}`,
    name: shortLine(name, 160),
    seconds: 0,
    mark: markOf(row),
    control: undefined,
  };
}

function markOf(row: ComparedFinding): Mark | undefined {
  const { finding, status, because } = row;
  switch (status) {
    case 'fixed':
      return undefined;
    case 'waived':
      return { element: 'skipped', message: shortLine(`waived: ${because}`, 1000) };
    case 'new':
    case 'returned':
    case 'known':
    case 'unsure': {
      const body = [finding.evidence, `fingerprint ${finding.fingerprint}`].filter(Boolean).join('\n');
      return { element: 'failure', type: finding.severity, message: shortLine(sentence(row), 300), body };
    }
  }
}

function restSuite(model: FindingsModel, leftOut: number): TestSuite {
  const name = `${plural(leftOut, 'more finding')} of lower severity`;
  const message = 'left out to keep this file readable: findings.json has all of them';
  const mark: Mark = { element: 'failure', type: 'left-out', message };
  return {
    ...emptySuite(model, 'left out'),
    cases: [{ classname: 'cinc-scan', name, seconds: 0, mark, control: undefined }],
  };
}
