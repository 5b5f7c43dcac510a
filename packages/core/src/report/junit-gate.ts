// SPDX-License-Identifier: Apache-2.0
import { fitJunit } from './junit.ts';
import { type TestCase, type TestSuite, timestamp, toSuites } from './junit-suites.ts';
import type { ReportModel } from './model.ts';
import { boundText, shortLine } from './text.ts';
import { allViolations, baselineKey, toViews, type ViolationView } from './views.ts';
import { listed } from './words.ts';

/** For systems where a failing case changes the build by itself: only what the gate minds fails. */
export const renderJunitGate = (model: ReportModel): string => fitJunit(toGateSuites(model)).text;

export function toGateSuites(model: ReportModel): TestSuite[] {
  const minded = mindedControls(model);
  const suites = toSuites(model).map(suite => ({ ...suite, cases: suite.cases.map(one => tolerate(one, minded)) }));
  return [gateSuite(model), ...suites];
}

/** Controls of unmet bounds, by outcome: the same id may be minded on one target and tolerated on another. As a manifest holds them. */
function mindedControls({ verdict }: ReportModel): Map<object, Set<string>> {
  if (verdict.verdict === 'pass') return new Map();
  return new Map(
    verdict.judged.map(({ outcome, judgement, comparison }) => {
      const worse = comparison?.exit === 3 ? [...comparison.new, ...comparison.lost] : [];
      const unmet = (judgement?.violations ?? []).flatMap(each => each.controls);
      return [outcome, new Set([...unmet, ...worse].map(boundText))];
    }),
  );
}

function tolerate(one: TestCase, minded: Map<object, Set<string>>): TestCase {
  if (one.mark?.element !== 'failure') return one;
  const isMinded = one.control?.replicas.some(row => {
    const ids = minded.get(row.outcome);
    return (
      row.status === 'failed' && (ids?.has(boundText(row.rawId)) === true || ids?.has(boundText(row.key)) === true)
    );
  });
  return isMinded === true ? one : { ...one, mark: { element: 'skipped', message: `tolerated: ${one.mark.message}` } };
}

function gateSuite(model: ReportModel): TestSuite {
  const found = allViolations(toViews(model));
  const keys = Object.keys(model.verdict.gate.bounds);
  const compared = model.verdict.judged.some(({ comparison }) => comparison !== undefined);
  const all = new Set([...keys, ...(compared ? [baselineKey] : []), ...found.map(({ violation }) => violation.key)]);
  return {
    name: 'cinc-scan.gate',
    timestamp: timestamp(model.run.started),
    properties: [['gate', shortLine(model.verdict.gate.source, 1000)]],
    cases: [...all].map(key =>
      boundCase(
        key,
        found.filter(({ violation }) => violation.key === key),
      ),
    ),
  };
}

function boundCase(key: string, violations: ViolationView[]): TestCase {
  const lines = violations.map(({ view, violation }) => {
    const ids = violation.controls.length > 0 ? ` (${listed(violation.controls)})` : '';
    return `${view.name}: expected ${violation.expected}, got ${violation.actual}${ids}`;
  });
  const [first] = lines;
  return {
    classname: 'cinc-scan.gate',
    name: key,
    seconds: 0,
    mark:
      first === undefined
        ? undefined
        : { element: 'failure', type: 'gate', message: shortLine(first, 300), body: lines.slice(0, 100).join('\n') },
    control: undefined,
  };
}
