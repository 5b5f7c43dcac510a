// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { prints, problems, read, readJson, summary } from '../testing/samples.ts';

describe('SARIF', () => {
  const location = (line: number) => ({
    physicalLocation: { artifactLocation: { uri: 'src/a%20b.c' }, region: { startLine: line } },
  });
  const result = (more: object = {}) => ({ ruleId: 'R1', message: { text: 'bad' }, locations: [location(3)], ...more });
  const run = (results: object[] | null, more: object = {}) => ({
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'Tool', version: '2.3', rules: [{ id: 'R1' }] } }, results, ...more }],
  });
  const first = (more: object) => readJson('sarif', run([result(more)])).findings[0];

  test('is of the tool that it names, and of its major version', () => {
    expect(readJson('sarif', run([result()])).about).toMatchObject({
      tool: 'sarif/tool',
      version: '2.3',
      ruleset: 'tool 2',
    });
    expect(first({})?.place).toMatchObject({ path: 'src/a b.c', line: 3 });
  });

  test.each<[what: string, more: object, severity: string]>([
    ['the level of the result', { level: 'error' }, 'high'],
    ['no level at all', {}, 'medium'],
    ['a note', { level: 'note' }, 'low'],
    ['the score', { level: 'note', properties: { 'security-severity': '9.1' } }, 'critical'],
    ['a score that is none', { properties: { 'security-severity': 'bad' } }, 'unknown'],
    ['a level that nobody knows', { level: 'loud' }, 'unknown'],
  ])('takes its severity from %s', (_what, more, severity) => expect(first(more)?.rating.severity).toBe(severity));

  test('takes the level and the score of the rule where the result has none', () => {
    const rules = [{ id: 'R1', defaultConfiguration: { level: 'error' } }];
    const driver = { tool: { driver: { name: 'Tool', rules } } };
    expect(readJson('sarif', run([result()], driver)).findings[0]?.rating.severity).toBe('high');
    expect(readJson('sarif', run([{ ...result(), ruleId: undefined, ruleIndex: 0 }], driver)).findings[0]?.rule).toBe(
      'R1',
    );
    expect(read('trivy/image.sarif').findings[0]?.rating).toMatchObject({
      severity: 'medium',
      source: 'security-severity',
    });
  });

  test.each([
    ['pass', 0, 1, 0],
    ['FAIL', 1, 0, 0],
    ['review', 0, 0, 1],
    ['open', 0, 0, 1],
    ['notApplicable', 0, 0, 0],
    ['informational', 0, 0, 0],
  ])('of kind %s is %i findings, %i passes and %i open', (kind, ...counts) => {
    const reading = readJson('sarif', run([result({ kind })]));
    expect([reading.findings.length, reading.passes.length, reading.unchecked.length]).toEqual(counts);
  });

  test.each<[what: string, document: object, problem: string]>([
    ['no results', run(null), 'not-looked: the run of Tool has no results'],
    [
      'a failed execution',
      run([], { invocations: [{ executionSuccessful: false }] }),
      'not-looked: the tool says that it did not succeed',
    ],
    [
      'an error of the tool',
      run([], { invocations: [{ executionSuccessful: true, toolExecutionNotifications: [{ level: 'error' }] }] }),
      'not-looked: the tool reports an error of its own (toolExecutionNotifications)',
    ],
    [
      'an error of its configuration',
      run([], { invocations: [{ toolConfigurationNotifications: [{ level: 'error' }] }] }),
      'not-looked: the tool reports an error of its own (toolConfigurationNotifications)',
    ],
    [
      'a kind that is not known',
      run([result({ kind: 'odd' })]),
      'unreadable: a result of rule R1 has a status that is not known: "odd"',
    ],
  ])('has not looked with %s', (_what, document, problem) =>
    expect(problems(readJson('sarif', document))).toEqual([problem]),
  );

  test('that found nothing has looked if it says so', () => {
    expect(summary(readJson('sarif', run([])))).toBe('looked: 0 findings');
  });

  test('waives what is suppressed, unless that is rejected or under review', () => {
    expect(first({ suppressions: [{ kind: 'inSource', justification: 'why' }] })?.suppressed).toEqual({
      origin: 'SARIF, inSource',
      reason: 'why',
    });
    expect(first({ suppressions: [{ kind: 'external', status: 'underReview' }] })?.suppressed).toBeUndefined();
    expect(first({ suppressions: [] })?.suppressed).toBeUndefined();
    expect(read('generic/kind-upper.sarif').findings.map(({ suppressed }) => suppressed?.reason)).toEqual([
      'bla',
      undefined,
      undefined,
    ]);
  });

  test('is the same finding on another line, by its own fingerprint, its snippet or its text', () => {
    const at = (line: number, more: object) =>
      prints(readJson('sarif', run([result({ locations: [location(line)], ...more })])));
    expect(at(3, {})).toEqual(at(9, {}));
    expect(at(3, { message: { text: 'line 3 is bad' } })).toEqual(at(9, { message: { text: 'line 9 is bad' } }));
    expect(at(3, { partialFingerprints: { a: '1' } })).toEqual(
      at(9, { partialFingerprints: { a: '1' }, message: { text: 'other' } }),
    );
    expect(at(3, { partialFingerprints: { a: '1' } })).not.toEqual(at(3, { partialFingerprints: { a: '2' } }));
  });

  test('of Trivy names the package, and not the image as a file', () => {
    expect(read('trivy/image.sarif').findings[0]).toMatchObject({
      kind: 'vulnerability',
      place: { package: 'libcrypto1.1', path: undefined },
    });
  });

  test('leaves out what was there before and is not now', () => {
    expect(summary(readJson('sarif', run([result({ baselineState: 'absent' })])))).toBe('looked: 0 findings');
  });
});
