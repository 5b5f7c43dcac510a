// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { fitJunit, renderJunit } from './junit.ts';
import { renderJunitGate } from './junit-gate.ts';
import { toSuites } from './junit-suites.ts';
import {
  readFixture,
  sampleAudited,
  sampleHdf,
  sampleModel,
  sampleTarget,
  sampleUnreached,
} from './testing/sample-model.ts';
import { manyResults } from './testing/scenarios.ts';
import { junitProblems } from './testing/validators.ts';

const mix = (pod = 'web-1') => sampleAudited({ text: readFixture('mix.json'), target: sampleTarget(pod) });
const caseOf = (text: string, name: string) =>
  new RegExp(`<testcase [^>]*name="${name}[^>]*(?:/>|>[\\s\\S]*?</testcase>)`).exec(text)?.[0] ?? '';

describe('cases', () => {
  test('have the same names under another pod name', () => {
    const names = (pod: string) =>
      [...renderJunit(sampleModel([mix(pod)])).matchAll(/<testcase classname="[^"]*" name="[^"]*"/g)].map(
        ([all]) => all,
      );
    expect(names('web-1')).toEqual(names('web-2'));
    expect(names('web-1')[0]).toBe(
      '<testcase classname="shop.deployment-web.app.baseline" name="p-crit: Control p-crit"',
    );
  });

  test('of equal names are told apart, because GitLab keeps only the first', () => {
    const long = 'a'.repeat(300);
    const text = sampleHdf([1, 2, 3].map(n => ({ id: `${long}${n}`, title: long })));
    const names = toSuites(sampleModel([sampleAudited({ text })])).flatMap(suite => suite.cases.map(one => one.name));
    expect(names.map(name => name.slice(-3))).toEqual(['rs)', ' #2', ' #3']);
  });

  test('say why a control was waived, until when and by whom', () => {
    const text = sampleHdf([
      {
        id: 'w',
        status: 'failed',
        waiver: {
          skipped_due_to_waiver: true,
          justification: 'vendor fix pending; owner: team-a',
          expiration_date: '2027-01-01',
        },
      },
      {
        id: 'x',
        status: 'failed',
        waiver: {
          skipped_due_to_waiver: false,
          justification: 'was fine',
          expiration_date: '2025-01-01',
          owner: 'team-b',
        },
      },
    ]);
    const report = renderJunit(sampleModel([sampleAudited({ text })]));
    expect(caseOf(report, 'w:')).toContain(
      '<skipped message="waived until 2027-01-01; owner team-a: vendor fix pending; owner: team-a"/>',
    );
    expect(caseOf(report, 'x:')).toContain('<failure');
    expect(report).toContain(
      '<property name="waiver x" value="EXPIRED 2025-01-01, no longer waived; owner team-b: was fine"/>',
    );
  });

  test('have times without exponents', () => {
    const text = sampleHdf([{ id: 'x' }]).replace('"run_time":0.001', '"run_time":1e-7');
    expect(caseOf(renderJunit(sampleModel([sampleAudited({ text })])), 'x:')).toContain('time="0.000"');
  });
});

describe('a large report', () => {
  test('gives up messages before cases, passed cases before failed ones, and stays valid', async () => {
    const suites = toSuites(manyResults(4, 500));
    const texts: string[] = [];
    for (let limit = 10_000_000; limit > 0 && texts.length < 4; limit = Buffer.byteLength(texts.at(-1) ?? '') - 1)
      texts.push(fitJunit(suites, limit).text);
    const count = (pattern: RegExp) => texts.map(text => text.match(pattern)?.length);
    expect(count(/<failure/g)).toEqual([400, 400, 400, 400]);
    expect(count(/<testcase /g)).toEqual([2000, 2000, 1200, 1200]);
    expect(texts.map(text => text.includes('</failure>'))).toEqual([true, false, false, false]);
    expect(texts.map(text => text.includes('200 passed controls, to keep the file below 30 MB'))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(await junitProblems(texts)).toEqual([]);
  });
});

describe('the gate variant', () => {
  test('tolerates failures that no unmet bound minds', () => {
    const text = renderJunitGate(sampleModel([mix()], { threshold: 'failed: {high: {max: 0}}\n' }));
    expect(caseOf(text, 'f-high')).toContain('<failure');
    expect(caseOf(text, 'f-med')).toContain('<skipped message="tolerated: expected: true, got: false"/>');
    expect(caseOf(text, 'failed.high.max')).toContain('<failure');
  });

  test('has no failure where the gate is met, and one case for each bound', () => {
    const text = renderJunitGate(
      sampleModel([mix()], { threshold: 'compliance: {min: 50}\nfailed: {total: {max: 5}}\n' }),
    );
    expect(text).not.toContain('<failure');
    expect(text).toContain('<testsuite name="cinc-scan.gate" tests="2" failures="0"');
  });

  test('never tolerates a control that could not be evaluated', () => {
    const text = renderJunitGate(sampleModel([mix()], { threshold: 'compliance: {min: 50}\n' }));
    expect(caseOf(text, 'e-low')).toContain('<error type="profile-error"');
  });

  test('shows a target that was not reached as an error, whatever the gate says', () => {
    const text = renderJunitGate(sampleModel([mix(), sampleUnreached()]));
    expect(caseOf(text, 'the target can be audited')).toContain('<error type="TARGET_NOT_FOUND"');
  });
});

test('the XSD is no wider than Jenkins: it refuses what Jenkins refuses', async () => {
  const good = renderJunit(sampleModel([mix()]));
  const bad = [
    good.replace('<testcase ', '<testcase file="a.rb" '),
    good.replace('<testsuites ', '<testsuites skipped="1" '),
    good.replace(/time="0\.\d+"/, 'time="1e-7"'),
    good.replace(/(<testcase [^>]*)\/>/, '$1><properties/></testcase>'),
    good.replace('<failure ', '<failure status="x" '),
    good.replace('</failure>', '&#1;</failure>'),
    good.replace('</failure>', '</failure><error type="a" message="b"/>'),
  ];
  expect(await junitProblems([good])).toEqual([]);
  const answers = await Promise.all(bad.map(text => junitProblems([text])));
  expect(answers.map(problems => problems.length > 0)).toEqual(bad.map(() => true));
});
