// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { ReportModel } from './model.ts';
import { noneCategory, renderSarif, type SarifOptions } from './sarif.ts';
import {
  readFixture,
  sampleAudited,
  sampleHdf,
  sampleModel,
  sampleTarget,
  sampleUnreached,
} from './testing/sample-model.ts';
import { manyResults, scenarios } from './testing/scenarios.ts';
import { sarifValidator } from './testing/validators.ts';

interface Result {
  ruleId: string;
  ruleIndex: number;
  kind: string;
  level: string;
  message: { text: string };
  locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
  partialFingerprints: Record<string, string>;
  properties: { pods: string[] };
}
interface Run {
  tool: { driver: { name: string; rules: { id: string; properties: Record<string, unknown> }[] } };
  automationDetails: { id: string };
  invocations: { executionSuccessful: boolean; toolExecutionNotifications: { message: { text: string } }[] }[];
  results: Result[];
}

const parseSarif = (model: ReportModel, options?: SarifOptions) =>
  renderSarif(model, options).map(({ text }) => (JSON.parse(text) as { runs: Run[] }).runs);

const mix = (pod = 'web-1', name = 'web') =>
  sampleAudited({ text: readFixture('mix.json'), target: sampleTarget(pod, { owner: { kind: 'Deployment', name } }) });

/** What code scanning refuses although the schema allows it. */
function gitHubProblems(files: Run[][]): string[] {
  const categories = files.flatMap(runs => runs.map(run => run.automationDetails.id));
  return [
    ...files.filter(runs => runs.length === 0 || runs.length > 20).map(runs => `${runs.length} runs in a file`),
    ...(new Set(categories).size === categories.length ? [] : ['equal categories']),
    ...categories.filter(id => !id.endsWith('/')).map(id => `category of ${id}`),
    ...files.flat().flatMap(run => runProblems(run)),
  ];
}

function runProblems({ tool, results }: Run): string[] {
  const { rules } = tool.driver;
  return [
    ...(results.length > 5000 || rules.length > 25_000 ? ['too much'] : []),
    ...(new Set(rules.map(rule => rule.id)).size === rules.length ? [] : ['equal rules']),
    ...rules.flatMap(({ id, properties }) => {
      const severity = properties['security-severity'];
      const tags = properties['tags'] as string[];
      const isSound =
        severity === undefined || (typeof severity === 'string' && Number(severity) > 0 && Number(severity) <= 10);
      return [...(isSound ? [] : [`severity of ${id}`]), ...(tags.length <= 10 ? [] : [`tags of ${id}`])];
    }),
    ...results
      .filter(({ ruleId, ruleIndex }) => rules[ruleIndex]?.id !== ruleId)
      .map(({ ruleId }) => `index of ${ruleId}`),
    ...results.filter(({ locations }) => locations.length !== 1).map(({ ruleId }) => `location of ${ruleId}`),
    ...results
      .filter(({ locations }) => /^[/.]|\\|\s/.test(locations[0]?.physicalLocation.artifactLocation.uri ?? ' '))
      .map(({ ruleId }) => `uri of ${ruleId}`),
    ...results.filter(({ message }) => /\{\d+\}|\]\(/.test(message.text)).map(({ ruleId }) => `message of ${ruleId}`),
  ];
}

test.each(scenarios.map(({ name, model }) => [name, model] as const))('%s: within what GitHub accepts', (_, model) => {
  expect(gitHubProblems(parseSarif(model()))).toEqual([]);
});

describe('runs', () => {
  test('21 workloads are two files', () => {
    const model = sampleModel(Array.from({ length: 21 }, (_, index) => mix(`w${index}-1`, `w${index}`)));
    expect(parseSarif(model).map(runs => runs.length)).toEqual([20, 1]);
  });

  test('a run holds 5,000 results, the worst, and says how many it leaves out', () => {
    const model = manyResults(1, 30_000);
    const [[run]] = parseSarif(model) as [[Run]];
    expect(run.results).toHaveLength(5000);
    expect(renderSarif(model)[0]?.truncated).toBe(true);
    const levels = run.results.map(result => result.level);
    expect(levels.lastIndexOf('error')).toBeLessThan(levels.indexOf('warning'));
    const [note] = run.invocations[0]?.toolExecutionNotifications ?? [];
    expect(note?.message.text).toMatch(/^1000 results of lower severity left out$/);
  });

  test('a workload with an unreached replica has no run, because its open alerts would be closed', () => {
    const lost = { ...sampleUnreached(), target: sampleTarget('web-2') };
    const [runs = []] = parseSarif(sampleModel([mix('web-1'), lost, mix('api-1', 'api')]));
    expect(runs.map(run => run.automationDetails.id)).toEqual(['cinc-scan/prod/shop/Deployment/api/app/']);
    expect(runs[0]?.invocations[0]?.executionSuccessful).toBe(false);
    expect(JSON.stringify(runs[0]?.invocations)).toContain('shop/web-2/app');
  });

  test('without any complete workload one run tells of it, in a category that is never uploaded', () => {
    const [runs = []] = parseSarif(sampleModel([sampleUnreached()]));
    expect(runs.map(run => [run.automationDetails.id, run.results])).toEqual([[noneCategory, []]]);
  });
});

describe('results', () => {
  test('the same finding under another pod name has the same fingerprints and category', () => {
    const prints = (pod: string) =>
      parseSarif(sampleModel([mix(pod)])).flatMap(runs =>
        runs.flatMap(run => run.results.map(result => [run.automationDetails.id, result.partialFingerprints])),
      );
    expect(prints('web-1')).toEqual(prints('web-2'));
  });

  test('an anonymous describe block keeps its fingerprint from run to run', () => {
    const prints = (hash: string) => {
      const text = sampleHdf([{ id: `(generated from a.rb:36 ${hash})`, status: 'failed' }]);
      return parseSarif(sampleModel([sampleAudited({ text })]))[0]?.[0]?.results.map(each => [
        each.ruleId,
        each.partialFingerprints,
      ]);
    };
    expect(prints('8f3cab')).toEqual(prints('0011ff'));
  });

  test('replicas are one result that names the pods in which it was found', () => {
    const [[run] = []] = parseSarif(sampleModel([mix('web-1'), mix('web-2')]));
    expect(run?.results.map(result => result.properties.pods)).toContainEqual(['web-1', 'web-2']);
    expect(run?.results).toHaveLength(3);
  });

  test('an errored control stays a result, as a warning that says so', () => {
    const [[run] = []] = parseSarif(sampleModel([mix()]));
    const error = run?.results.find(result => result.ruleId === 'e-low');
    expect([error?.level, error?.message.text]).toEqual([
      'warning',
      'could not be evaluated: The control has no result.\nIn web-1.',
    ]);
  });

  test('passed, skipped and not applicable controls come only when asked for, and never as alerts', () => {
    const [[run] = []] = parseSarif(sampleModel([mix()]), { kinds: 'all' });
    const others = run?.results.filter(result => result.kind !== 'fail') ?? [];
    expect(new Set(others.map(result => `${result.kind} ${result.level}`))).toEqual(
      new Set(['pass none', 'review none', 'notApplicable none']),
    );
    expect(run?.results).toHaveLength(10);
  });

  test('severities are numbers as text inside the range of their word', () => {
    const text = sampleHdf([
      { id: 'a', status: 'failed', impact: 1, tags: { severity: 'low' } },
      { id: 'b', status: 'failed', impact: 0.9 },
      { id: 'c', status: 'failed', impact: 0.05 },
      { id: 'd', status: 'failed', impact: 0.3, tags: { severity: 'critical' } },
    ]);
    const [[run] = []] = parseSarif(sampleModel([sampleAudited({ text })]));
    const found = run?.tool.driver.rules.map(rule => [rule.id, rule.properties['security-severity']]);
    expect(new Map(found as [string, unknown][])).toEqual(
      new Map<string, unknown>([
        ['d', '9.1'],
        ['b', '9.1'],
        ['a', '3.9'],
        ['c', undefined],
      ]),
    );
  });

  test('a control is anchored to its own source where that lies in the repository', () => {
    const source = './profiles/baseline';
    const anchors = {
      fallback: { path: 'deploy/my app.yml', line: 1 },
      controls: new Map([
        [JSON.stringify([source, 'controls/a.rb']), { path: 'profiles/baseline/controls/a.rb', line: 1 }],
      ]),
    };
    const uri = (model: ReportModel) =>
      parseSarif(model, { anchors })[0]?.[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri;
    expect(uri(sampleModel([mix()]))).toBe('profiles/baseline/controls/a.rb');
    expect(uri(sampleModel([sampleAudited({ text: sampleHdf([{ id: 'x', status: 'failed' }]) })]))).toBe(
      'deploy/my%20app.yml',
    );
  });
});

test('the schema in use refuses what it should', () => {
  const validate = sarifValidator();
  const [file] = renderSarif(sampleModel([mix()]));
  const bad = (from: RegExp, to: string) => validate(JSON.parse((file?.text ?? '').replace(from, to)));
  expect(bad(/x^/, '')).toBe(true);
  expect(bad(/"startLine": 1/, '"startLine": 0')).toBe(false);
  expect(bad(/"level": "error"/, '"level": "fatal"')).toBe(false);
  expect(bad(/"uri": "cinc-scan.yml"/, '"uri": "a b"')).toBe(false);
  expect(bad(/"startTimeUtc": "[^"]*"/, '"startTimeUtc": "2026-01-01T00:00:00"')).toBe(false);
});
