// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { prints, problems, read, readJson, readText, sampleText } from '../testing/samples.ts';

describe('Kubescape', () => {
  const text = sampleText('kubescape/v3-file.json');
  interface Report {
    summaryDetails: { controls: Record<string, object> };
    results: object[];
    [key: string]: unknown;
  }
  const document = JSON.parse(text) as Report;

  test('is the same finding of a file in another folder', () => {
    expect(prints(readText('kubescape', text.replaceAll('966824446', '123')))).toEqual(
      prints(read('kubescape/v3-file.json')),
    );
  });

  test('tells the paths of one rule apart', () => {
    const paths = read('kubescape/v3-file.json').findings.filter(({ rule }) => rule === 'C-0055');
    expect(paths.map(({ evidence }) => evidence?.split('.').at(-1))).toEqual([
      'seccompProfile',
      'seLinuxOptions',
      'drop[0]',
    ]);
    expect(paths[0]?.place).toMatchObject({ resource: 'apps/v1//Deployment/nginx-deployment', path: 'nginx.yaml' });
  });

  test('has the severity that it writes, and that of its score before it wrote one', () => {
    expect(read('kubescape/v4-cluster.json').findings[0]?.rating).toMatchObject({ severity: 'medium', raw: 'Medium' });
    expect(read('kubescape/v3-file.json').findings[0]?.rating).toMatchObject({
      severity: 'medium',
      raw: 'score factor 6',
    });
  });

  test('leaves what had nothing to check open, and says before 4.0.9 that it may not know', () => {
    const reading = read('kubescape/v3-file.json');
    expect(reading.unchecked).toEqual(['C-0002']);
    expect(reading.passes.map(({ rule }) => rule)).toEqual(['C-0016']);
    expect(reading.warnings).toEqual(['it does not say what could not be read: Kubescape says that since 4.0.9']);
  });

  test.each([
    [
      'a control that failed nowhere',
      { ...document, results: [] },
      'contradiction: control C-0030 failed, and no resource of it is listed',
    ],
    ['no control', { ...document, summaryDetails: { controls: {} } }, 'not-looked: it names no control'],
    [
      'nothing but what was skipped',
      { ...document, results: [], summaryDetails: { controls: { 'C-1': { statusInfo: { status: 'skipped' } } } } },
      'not-looked: no control had anything to check',
    ],
    [
      'frameworks that had nothing to check',
      { ...document, scanCoverage: { vacuousFrameworks: ['nsa'] } },
      'not-looked: 1 × framework had nothing to check (vacuousFrameworks)',
    ],
    [
      'a status that is not known',
      { ...document, summaryDetails: { controls: { 'C-1': { statusInfo: { status: 'odd' } } } } },
      'unreadable: control C-1 has a status that is not known: "odd"',
    ],
  ])('has not looked with %s', (_what, changed, problem) =>
    expect(problems(readJson('kubescape', changed))).toContain(problem),
  );

  test('has to have evaluated every framework that is wanted', () => {
    expect(problems(read('kubescape/v3-file.json', { parts: ['clusterscan', 'nsa'] }))).toEqual([
      'incomplete: the framework nsa was not evaluated',
    ]);
  });

  test('takes its exceptions for waived', () => {
    const excepted = text.replace(
      '"status": "failed"\n            },\n            "rules"',
      '"status": "passed", "subStatus": "w/exceptions"\n            },\n            "rules"',
    );
    const changed =
      excepted === text
        ? text.replace(
            /("name": "Ingress and Egress blocked",\s*"status": \{\s*)"status": "failed"/,
            '$1"status": "passed", "subStatus": "w/exceptions"',
          )
        : excepted;
    expect(changed).not.toBe(text);
    const suppressed = readText('kubescape', changed).findings.filter(({ suppressed: reason }) => reason !== undefined);
    expect(suppressed).toMatchObject([{ rule: 'C-0030', suppressed: { origin: 'kubescape' } }]);
  });
});

// Made after reporthandling/datastructuresv1.go of kubescape/opa-utils.
describe('Kubescape in its format v1', () => {
  const object = { kind: 'Deployment', metadata: { namespace: 'shop', name: 'web' } };
  const failed = {
    ruleStatus: 'failed',
    alertMessage: 'x',
    failedPaths: ['spec.a'],
    alertObject: { k8sApiObjects: [object] },
  };
  const framework = (status: string, responses: object[] | null) => ({
    name: 'NSA',
    controlReports: [
      {
        name: 'Non-root containers',
        controlID: 'C-0013',
        baseScore: 7,
        totalResources: 2,
        ruleReports: [{ name: 'non-root', ruleStatus: { status, message: '' }, ruleResponses: responses }],
      },
    ],
  });

  test.each<[string, (document: object) => unknown]>([
    ['one framework', document => document],
    ['a list of them', document => [document]],
  ])('is read as %s', (_what, of) => {
    const reading = readJson('kubescape', of(framework('success', [failed])));
    expect(reading).toMatchObject({ kind: 'looked', about: { ruleset: 'kubescape v1 NSA' } });
    expect(reading.findings).toMatchObject([
      { rule: 'C-0013', rating: { severity: 'high' }, place: { resource: 'shop/Deployment/web' } },
    ]);
    expect(reading.warnings).toHaveLength(1);
  });

  test('has not looked where a rule did not run', () => {
    expect(problems(readJson('kubescape', framework('failed', null)))).toEqual([
      'not-looked: a rule of control C-0013 did not run',
    ]);
  });

  test('has not looked where no control had resources', () => {
    const document = framework('success', null);
    const idle = { ...document, controlReports: document.controlReports.map(each => ({ ...each, totalResources: 0 })) };
    expect(problems(readJson('kubescape', idle))).toEqual(['not-looked: no control had anything to check']);
  });
});

describe('Sonobuoy', () => {
  const tree = (status: string, items: object[]) => ({ name: 'e2e', status, meta: { type: 'summary' }, items });
  const leaf = (name: string, status: string) => ({ name, status });

  test('finds what failed, wherever it stands', () => {
    const suite = {
      name: 'suite',
      status: 'failed',
      items: [leaf('a', 'passed'), leaf('b', 'failed'), leaf('c', 'skipped')],
    };
    const reading = readJson('sonobuoy', tree('failed', [{ name: 'global', status: 'failed', items: [suite] }]));
    expect(reading).toMatchObject({ kind: 'looked', unchecked: ['c'], passes: [{ rule: 'a' }] });
    expect(reading.findings).toMatchObject([
      { kind: 'conformance', rule: 'b', rating: { severity: 'high' }, place: { resource: 'e2e' } },
    ]);
  });

  test.each<[what: string, document: object, problem: string]>([
    ['a plugin that timed out', tree('timeout', [leaf('a', 'passed')]), 'not-looked: e2e has the status "timeout"'],
    ['a plugin of unknown status', tree('unknown', []), 'not-looked: e2e has the status "unknown"'],
    [
      'a test without a status',
      tree('passed', [leaf('a', 'passed'), leaf('b', '')]),
      'not-looked: b has the status ""',
    ],
    [
      'a status that is not known',
      tree('passed', [leaf('a', 'passed'), leaf('b', 'odd')]),
      'unreadable: b has a status that is not known: "odd"',
    ],
    ['nothing that passed', tree('failed', [leaf('a', 'failed')]), 'not-looked: no test passed'],
    ['nothing at all', tree('passed', []), 'not-looked: e2e holds no test'],
    [
      'a node without tests',
      tree('passed', [leaf('a', 'passed'), { ...leaf('n', 'passed'), meta: { type: 'node' } }]),
      'not-looked: n holds no test',
    ],
    [
      'a failure without a test',
      tree('failed', [leaf('a', 'passed')]),
      'contradiction: e2e failed, and no test of it is listed',
    ],
  ])('has not looked with %s', (_what, document, problem) =>
    expect(problems(readJson('sonobuoy', document))).toContain(problem),
  );

  test('as YAML does not show that its last line is there', () => {
    const yaml = sampleText('sonobuoy/sonobuoy_results.yaml').replace('status: skipped', 'status: passed');
    expect(readText('sonobuoy', yaml)).toMatchObject({
      kind: 'not-looked',
      problems: [{ reason: 'unproven', doubt: 'end' }],
    });
  });

  test('as YAML that repeats its branches without end is refused', () => {
    const levels = Array.from(
      { length: 30 },
      (_, index) => `l${index + 1}: &l${index + 1} {name: x, status: passed, items: [*l${index}, *l${index}]}`,
    );
    const bomb = `name: e2e\nstatus: passed\nl0: &l0 {name: x, status: passed}\n${levels.join('\n')}\nitems: [*l30]\n`;
    expect(problems(readText('sonobuoy', bomb))).toContain('unreadable: it has more than 1000000 items');
  });
});
