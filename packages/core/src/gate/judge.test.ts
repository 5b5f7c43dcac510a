// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, ScanError } from '../errors/index.ts';
import { type Hdf, type HdfProfile, parseHdf } from '../outcome/hdf.ts';
import type { Audited, Outcome } from '../outcome/outcome.ts';
import { stableIdentity, type Target } from '../plan/target.ts';
import { type GateRequest, judge, ruling } from './judge.ts';
import { gateDefaults } from './judgement.ts';
import { originOf } from './origin.ts';
import { parseThresholdInline, type Threshold } from './threshold.ts';
import { unusedEntries } from './threshold-set.ts';

const profile = { name: 'base', version: '1.0.0', source: './base', sha256: '0'.repeat(64) };
const target: Target = {
  cluster: 'dev',
  namespace: 'shop',
  pod: 'web-1',
  podUid: 'u1',
  container: 'app',
  containerId: 'containerd://1',
  restartCount: 0,
  image: 'web:1',
  imageDigest: undefined,
  node: 'n1',
  owner: { kind: 'Deployment', name: 'web' },
  labels: { app: 'web' },
  annotations: {},
};

function fixture(
  file: string,
  change: (read: HdfProfile) => HdfProfile = read => ({ ...read, status: 'loaded' }),
): Hdf {
  const read = parseHdf(readFileSync(new URL(`../../fixtures/gate/${file}.json`, import.meta.url), 'utf8'));
  if (read.kind === 'refused') throw new Error(read.problem);
  return { ...read.hdf, profiles: read.hdf.profiles.map(change) };
}

function audited(hdf: Hdf, place: Partial<Target> = {}): Audited {
  const observation = {
    lens: 'exec',
    view: 'full',
    witness: 'target',
    started: '2026-01-01T00:00:00Z',
    seconds: 1,
    commands: 1,
    bytes: 1,
    toolsMissing: [],
    notSeen: 0,
    retries: 0,
    truncated: 0,
    virtual: [],
    leftBehind: undefined,
  } as const;
  return {
    kind: 'audited',
    target: { ...target, ...place },
    profile,
    observation: { ...observation, toolsMissing: [], virtual: [] },
    hdf,
    hdfText: JSON.stringify(hdf),
  };
}

const unreached = (code: ErrorCode): Outcome => ({
  kind: 'unreached',
  target,
  profile,
  observation: undefined,
  error: new ScanError(code, 'not seen'),
});

function bounds(inline: string): Threshold {
  const parsed = parseThresholdInline(inline);
  if (parsed.kind === 'refused') throw new Error(parsed.reason);
  return parsed.threshold;
}

const gate = (request: Partial<GateRequest> = {}): GateRequest => ({
  threshold: undefined,
  failOn: undefined,
  baseline: undefined,
  options: gateDefaults(new Date('2026-06-01')),
  reportOnly: false,
  ...request,
});

const clean = () => audited(fixture('clean'));
const mix = () => audited(fixture('mix'));

describe('the verdict of a run is that of its worst target', () => {
  test.each([
    ['a clean target passes', [clean()], 0, 'pass'],
    ['one target below the threshold fails the run', [clean(), mix()], 3, 'below-threshold'],
    ['a target that was not reached outranks findings', [mix(), unreached('TARGET_LOST')], 4, 'TARGET_LOST'],
    [
      'a failed engine outranks a lost target',
      [unreached('TARGET_LOST'), unreached('ENGINE_CRASHED')],
      5,
      'ENGINE_CRASHED',
    ],
    ['a cancellation outranks everything', [unreached('ENGINE_CRASHED'), unreached('CANCELLED')], 130, 'CANCELLED'],
    ['a run without targets is not a pass', [], 2, 'NO_TARGETS'],
  ] as const)('%s', (...[, outcomes, exit, reason]) => {
    const verdict = judge(outcomes, gate());
    expect({ exit: verdict.exit, exitCode: verdict.exitCode, reason: verdict.reason }).toEqual({
      exit,
      exitCode: exit,
      reason,
    });
  });

  test('a run without targets passes where that was allowed', () => {
    expect(judge([], gate({ allowNoTargets: true })).exitCode).toBe(0);
  });
});

describe('results that cannot be judged are the failure of the engine that wrote them', () => {
  const strictly = (options: Partial<GateRequest['options']>) => ({ ...gateDefaults(new Date()), ...options });
  test.each([
    ['no-controls', 'NOTHING_CHECKED'],
    ['no-results', 'NOTHING_CHECKED'],
    ['no-profiles', 'NOTHING_CHECKED'],
    ['base-first', 'ENGINE_FAILED'],
  ])('%s', (file, reason) => {
    const gating = gate({ threshold: bounds('failed.total.max: 0'), options: strictly({}) });
    expect(judge([audited(fixture(file))], gating)).toMatchObject({ verdict: 'error', exitCode: 5, reason });
  });

  test.each([['failed'], ['skipped'], [null], ['anything']])('a profile of status %s was not loaded', status => {
    const hdf = fixture('clean', read => ({ ...read, status }));
    expect(judge([audited(hdf)], gate({ threshold: bounds('0') }))).toMatchObject({
      verdict: 'error',
      exitCode: 5,
      reason: 'PROFILE_NOT_LOADED',
    });
  });
});

describe('report-only softens findings and nothing else', () => {
  test('below the threshold it exits with 0 and still says fail', () => {
    expect(judge([mix()], gate({ reportOnly: true }))).toMatchObject({ verdict: 'fail', exit: 3, exitCode: 0 });
  });

  test.each([
    ['TARGET_LOST', 4],
    ['ENGINE_CRASHED', 5],
    ['NO_TARGETS', 2],
  ] as const)('%s stays %d', (code, exit) => {
    expect(judge([mix(), unreached(code)], gate({ reportOnly: true }))).toMatchObject({
      verdict: 'error',
      exitCode: exit,
    });
  });
});

describe('the gate that was asked for is the one that is applied', () => {
  test('without any it is the strictest, and says so', () => {
    const { gate: applied } = judge([clean()], gate());
    expect(applied).toEqual({
      source: 'strictest: every control passes or is waived',
      bounds: { 'failed.total.max': 0, 'skipped.total.max': 0, 'error.total.max': 0 },
      strict: true,
    });
  });

  test('a threshold and fail-on count together', () => {
    const verdict = judge([mix()], gate({ threshold: bounds('50'), source: 'gate.yml', failOn: 'high' }));
    expect(verdict.gate.source).toBe('gate.yml and fail-on: high');
    expect(verdict.judged[0]?.judgement?.violations.map(each => each.key)).toEqual(['failed.high.max']);
  });

  test('fail-on that contradicts the threshold is refused', () => {
    expect(() => judge([mix()], gate({ threshold: bounds('failed.high.min: 1'), failOn: 'high' }))).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_INVALID' }),
    );
  });

  test('a threshold with keys that only strict enforces has to be read strictly to be applied strictly', () => {
    const lax = bounds('no_impact.total.max: 0, failed.total.max: 9');
    expect(judge([mix()], gate({ threshold: lax })).exit).toBe(0);
    const strictly = gate({ threshold: lax, options: { ...gateDefaults(new Date()), strict: true } });
    expect(() => judge([mix()], strictly)).toThrow(expect.objectContaining({ code: 'THRESHOLD_INVALID' }));
  });

  test('a target that an entry matches is held to its threshold, every other to the default', () => {
    const lenient = { name: 'targets[0]', match: { namespace: 'lab' }, threshold: bounds('10') };
    const verdict = judge(
      [audited(fixture('mix'), { namespace: 'lab' }), audited(fixture('mix'), { namespace: 'shop' })],
      gate({ threshold: { default: bounds('90'), entries: [lenient] } }),
    );
    expect(verdict.judged.map(each => ruling(each).exit)).toEqual([0, 3]);
  });
});

describe('an entry that counted for no target is reported', () => {
  test('because nothing matches it, or an earlier one takes all that would', () => {
    const entry = (name: string, match: { namespace: string }) => ({ name, match, threshold: bounds('10') });
    const entries = [
      entry('used', { namespace: 'shop' }),
      entry('shadowed', { namespace: 'sh*' }),
      entry('astray', { namespace: 'lab' }),
    ];
    expect(unusedEntries({ default: bounds('90'), entries }, [clean(), unreached('TARGET_LOST')])).toEqual([
      'shadowed',
      'astray',
    ]);
  });
});

describe('a baseline is compared with every replica', () => {
  const base = fixture('regression-base');
  const earlier = audited(base);
  const lookUp = (now: Audited) =>
    stableIdentity(now.target) === 'dev/shop/Deployment/web/app'
      ? ({ kind: 'found', hdf: base, origin: originOf(earlier) } as const)
      : ({ kind: 'refused', reason: 'baseline-unreadable', problem: 'no such file' } as const);

  test('replicas share the baseline of their workload', () => {
    const replicas = ['web-1', 'web-2'].map(pod => audited(base, { pod }));
    expect(judge(replicas, gate({ baseline: lookUp }))).toMatchObject({
      verdict: 'pass',
      gate: { source: 'baseline' },
    });
  });

  test('what got worse is a regression', () => {
    const outcome = audited(fixture('regression-now'));
    expect(judge([outcome], gate({ baseline: lookUp }))).toMatchObject({ exitCode: 3, reason: 'regression' });
  });

  test('a missing baseline is not an empty one, and outranks findings', () => {
    const verdict = judge(
      [audited(base, { container: 'other' }), audited(fixture('regression-now'))],
      gate({ baseline: lookUp, reportOnly: true }),
    );
    expect(verdict).toMatchObject({ verdict: 'error', exitCode: 2, reason: 'baseline-unreadable' });
  });

  test.each<[string, Partial<Target>, Partial<Audited>]>([
    ['another workload', { owner: { kind: 'Deployment', name: 'api' } }, {}],
    ['another namespace', { namespace: 'lab' }, {}],
    ['another profile', {}, { profile: { ...earlier.profile, name: 'other' } }],
    ['another lens', {}, { observation: { ...earlier.observation, lens: 'debug' } }],
  ])('results of %s are not compared with it', (_, place, changes) => {
    const now = { ...audited(base, place), ...changes };
    const file = () => ({ kind: 'found', hdf: base, origin: originOf(earlier) }) as const;
    expect(judge([now], gate({ baseline: file }))).toMatchObject({ exitCode: 2, reason: 'baseline-mismatch' });
  });

  test('with leave to be missing every bad control is new', () => {
    expect(judge([mix()], gate({ baseline: () => ({ kind: 'none' }) })).judged[0]?.comparison?.new).toHaveLength(3);
  });
});
