// SPDX-License-Identifier: Apache-2.0
import { type Mark, type TestCase, type TestSuite, toSuites } from './junit-suites.ts';
import type { ReportModel } from './model.ts';
import { cut } from './text.ts';
import { block, element, xmlDocument, xmlText } from './xml.ts';

// GitLab takes files below 30 MB.
const mostBytes = 29_000_000;

export interface Junit {
  text: string;
  truncated: boolean;
}

export const renderJunit = (model: ReportModel): string => fitJunit(toSuites(model)).text;

/** Bodies give way before cases do, and only cases that passed. */
export function fitJunit(suites: TestSuite[], limit: number = mostBytes): Junit {
  const ways: ((suite: TestSuite) => TestSuite)[] = [
    suite => suite,
    suite => withBodies(suite, 500),
    suite => withBodies(suite, 0),
    suite => withoutPassed(withBodies(suite, 0)),
  ];
  let text = '';
  for (const [index, way] of ways.entries()) {
    text = renderSuites(suites.map(suite => way(suite)));
    if (Buffer.byteLength(text) <= limit) return { text, truncated: index > 0 };
  }
  return { text, truncated: true };
}

function withBodies(suite: TestSuite, limit: number): TestSuite {
  const shorter = ({ body, ...mark }: Mark): Mark =>
    limit === 0 || body === undefined ? mark : { ...mark, body: cut(body, limit) };
  return { ...suite, cases: suite.cases.map(one => (one.mark ? { ...one, mark: shorter(one.mark) } : one)) };
}

function withoutPassed(suite: TestSuite): TestSuite {
  const cases = suite.cases.filter(one => one.mark !== undefined);
  const note = `${suite.cases.length - cases.length} passed controls, to keep the file below 30 MB`;
  return { ...suite, cases, properties: [...suite.properties, ['left out', note]] };
}

function renderSuites(suites: TestSuite[]): string {
  const { skipped: _skipped, ...totals } = countsOf(suites.flatMap(suite => suite.cases));
  return xmlDocument(
    block(
      'testsuites',
      { name: 'cinc-scan', ...totals },
      suites.map(suite => renderSuite(suite)),
    ),
  );
}

function renderSuite(suite: TestSuite): string {
  const properties = suite.properties.map(([name, value]) => element('property', { name, value }));
  const head = properties.length === 0 ? [] : [block('properties', {}, properties)];
  const attributes = { name: suite.name, ...countsOf(suite.cases), timestamp: suite.timestamp };
  return block('testsuite', attributes, [...head, ...suite.cases.map(one => renderCase(one))]);
}

function renderCase({ classname, name, seconds, mark }: TestCase): string {
  const attributes = { classname, name, time: plainSeconds(seconds) };
  if (mark === undefined) return element('testcase', attributes);
  const { element: tag, type, message, body } = mark;
  return element('testcase', attributes, [element(tag, { type, message }, body === undefined ? [] : [xmlText(body)])]);
}

function countsOf(cases: TestCase[]) {
  const count = (tag: Mark['element']) => cases.filter(one => one.mark?.element === tag).length;
  return {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: plainSeconds(cases.reduce((sum, one) => sum + one.seconds, 0)),
  };
}

/** At most three digits and never an exponent: Jenkins refuses `1e-7`. */
function plainSeconds(seconds: number): string {
  return Math.min(Math.max(0, seconds), 1e9).toFixed(3);
}
