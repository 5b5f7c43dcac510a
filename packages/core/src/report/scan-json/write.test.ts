// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { compareWithBaseline, evaluate, gateDefaults } from '../../gate/index.ts';
import { renderConsole } from '../console.ts';
import { renderJunitGate } from '../junit-gate.ts';
import { renderMarkdown } from '../markdown.ts';
import type { ReportModel } from '../model.ts';
import { renderOutputs, toFailureOutputs } from '../outputs.ts';
import { readFixture, sampleAudited, sampleModel, sampleNow, sampleUnreached } from '../testing/sample-model.ts';
import { scanValidator } from '../testing/validators.ts';
import { renderRunningScan, renderScan } from './write.ts';

const validate = scanValidator();
const isValid = (scan: unknown) => [validate(scan), validate.errors];
const parseScan = (text: string) => JSON.parse(text) as Record<string, unknown>;

/** A run that only a baseline was held against. */
function compared(): ReportModel {
  const audited = (name: string) => sampleAudited({ text: readFixture(`${name}.json`) });
  const outcome = audited('regression-now');
  const comparison = compareWithBaseline(audited('regression-base').hdf, outcome.hdf, gateDefaults(sampleNow));
  const model = sampleModel([outcome]);
  const gate = { source: 'baseline', bounds: {}, strict: false };
  const nothing = { bounds: new Map(), notEnforced: [] };
  const options = { ...gateDefaults(sampleNow), unboundedErrors: 'compared' as const };
  const judged = [{ outcome, judgement: evaluate(outcome.hdf, nothing, options), comparison }];
  return { ...model, verdict: { verdict: 'fail', reason: 'regression', exit: 3, exitCode: 3, gate, judged } };
}

describe('the schema', () => {
  test('takes what a killed run leaves', () => {
    const { tool, run, cluster, profiles, request } = sampleModel([]);
    const text = renderRunningScan({ tool, run: { id: run.id, started: run.started }, cluster, profiles, request });
    expect(parseScan(text)['state']).toBe('running');
    expect(isValid(parseScan(text))).toEqual([true, null]);
  });

  test('takes a run with everything that may be missing, and surfaces that failed', () => {
    const model: ReportModel = { ...sampleModel([sampleUnreached()]), engine: undefined, grant: undefined };
    const scan = parseScan(renderScan(model, [], [{ name: 'summary', ok: false, message: 'too large' }]));
    expect(isValid(scan)).toEqual([true, null]);
  });

  test('is strict: an unknown key, a missing one, or counts of an unreached target are refused', () => {
    const scan = parseScan(renderScan(sampleModel([sampleUnreached()])));
    const { exitCode: _exitCode, ...without } = scan;
    const [target] = scan['targets'] as Record<string, unknown>[];
    expect(validate(scan)).toBe(true);
    expect(validate({ ...scan, surprise: 1 })).toBe(false);
    expect(validate(without)).toBe(false);
    expect(validate({ ...scan, targets: [{ ...target, counts: scan['counts'] }] })).toBe(false);
    expect(validate({ ...scan, targets: [{ ...target, result: 'pass' }] })).toBe(false);
    expect(validate({ ...scan, state: 'running' })).toBe(false);
  });
});

describe('a baseline', () => {
  test('that was not met is a reason in every report', () => {
    const model = compared();
    const scan = parseScan(renderScan(model));
    expect(isValid(scan)).toEqual([true, null]);
    const { comparison } = model.verdict.judged[0] ?? {};
    expect(scan).toMatchObject({
      status: 'below-threshold',
      targets: [
        { result: 'fail', comparison: { new: comparison?.new, fixed: comparison?.fixed, lost: comparison?.lost } },
      ],
      gate: { violations: [{ key: 'baseline', expected: 'nothing worse than the baseline' }] },
    });
    for (const text of [renderMarkdown(model), renderConsole(model)])
      expect(text).toContain('nothing worse than the baseline');
  });

  test('makes only what got worse fail in the gate variant of JUnit', () => {
    const model = compared();
    const { comparison } = model.verdict.judged[0] ?? {};
    const failing = [...renderJunitGate(model).matchAll(/<testcase [^>]*name="([^":]*)[^>]*><(?:failure|error) /g)];
    const worse = [...(comparison?.new ?? []), 'baseline'];
    expect(worse.length).toBeGreaterThan(1);
    expect(failing.map(([, name]) => name)).toEqual(expect.arrayContaining(worse));
  });
});

test('outputs exist for runs that ended before anything was touched', () => {
  expect(JSON.parse(renderOutputs(toFailureOutputs('INPUT_INVALID', 2, 'run-1')))).toEqual({
    verdict: 'error',
    reason: 'INPUT_INVALID',
    'exit-code': 2,
    compliance: null,
    counts: null,
    'targets-json': [],
    'sources-json': [],
    'findings-json': null,
    'run-id': 'run-1',
  });
});
