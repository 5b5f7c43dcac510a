// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { checkBounds } from './check.ts';
import { type Counted, toCounts } from './count.ts';
import { decodeThreshold } from './document.ts';
import { parseThresholdDocument, parseThresholdInline, type Threshold, withFailOn } from './threshold.ts';

const problems = (text: string) => {
  const parsed = parseThresholdDocument(text);
  return parsed.kind === 'refused' ? parsed.problems.map(({ reason, message }) => `${reason} ${message}`) : [];
};

describe('a value that is no bound is refused', () => {
  test.each([
    ['-1', 'a negative count'],
    ['1.5', 'a fraction of a control'],
    ['.inf', 'no finite number'],
    ['.nan', 'no number'],
    ["'0'", 'a quoted number'],
    ['true', 'a truth'],
    ['null', 'nothing'],
    ['[]', 'a list'],
    ['{}', 'a mapping'],
    ['9007199254740993', 'more than can be counted'],
  ])('failed.total.max: %s is %s', value => {
    expect(problems(`failed.total.max: ${value}`)).toEqual([expect.stringMatching(/^spec-value failed\.total\.max: /)]);
  });

  test.each([['-0.1'], ['100.1'], ['.inf'], ['80%']])('compliance.min: %s', value => {
    expect(problems(`compliance.min: ${value}`)).toEqual([expect.stringMatching(/^spec-value compliance\.min: /)]);
  });

  test.each([['a'], ['[]'], ['[a, a]'], ['[1]'], ['[[a]]'], ['{a: b}']])('failed.high.controls: %s', value => {
    const found = problems(`failed.high.controls: ${value}\ncompliance.min: 1`);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join()).toMatch(/failed\.high\.controls/);
  });
});

describe('every problem is told, with what to write instead', () => {
  test('a misspelt key has its nearest neighbour named', () => {
    expect(problems('compliance: {mim: 3}\nfailed: {hihg: {max: 0}}\nerror: {total: {max: x}}')).toEqual([
      'spec-unknown-key compliance.mim is not a threshold key; did you mean compliance.min?',
      'spec-unknown-key failed.hihg.max is not a threshold key; did you mean failed.high.max?',
      'spec-value error.total.max: expected a whole number of controls, 0 or more, got "x"',
    ]);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('the key %s is unknown like any other', key => {
    expect(problems(`${key}: 3`)).toEqual([expect.stringMatching(/^spec-unknown-key .*; did you mean [a-z_.]+\?$/)]);
  });

  test('bytes that are not UTF-8 are no threshold', () => {
    expect(decodeThreshold(Uint8Array.of(0x66, 0xff))).toMatchObject({ kind: 'refused', reason: 'spec-unreadable' });
    expect(decodeThreshold(Buffer.from('a: 1'))).toEqual({ kind: 'text', text: 'a: 1' });
  });
});

const bounds = (inline: string): Threshold => {
  const parsed = parseThresholdInline(inline);
  if (parsed.kind === 'refused') throw new Error(parsed.reason);
  return parsed.threshold;
};

describe('fail-on is added to the threshold', () => {
  test('as bounds of that severity and every higher one', () => {
    const parsed = withFailOn(bounds('failed.high.max: 0'), 'high');
    expect(parsed).toMatchObject({ kind: 'threshold' });
    expect(parsed.kind === 'threshold' ? [...parsed.threshold.bounds.keys()].toSorted() : []).toEqual(
      ['error.critical.max', 'error.high.max', 'failed.critical.max', 'failed.high.max'].toSorted(),
    );
  });

  test('a bound that says otherwise is a conflict', () => {
    expect(withFailOn(bounds('failed.critical.max: 2'), 'high')).toMatchObject({ reason: 'spec-conflict' });
  });
});

const counted = (status: Counted['status'], count: number): Counted[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `${status}-${n}`,
    profile: 'p',
    at: n,
    base: n,
    status,
    severity: 'high',
    statusBecause: '',
    severityBecause: '',
  }));

describe('compliance without rounding is exact', () => {
  // Each product differs from the whole number in floating point.
  test.each([
    [0.56, 7, 1250],
    [1.12, 7, 625],
    [1.36, 17, 1250],
    [2.2, 33, 1500],
  ])('%d %% is %d of %d', (...[bound, passed, total]) => {
    const controls = [...counted('passed', passed), ...counted('failed', total - passed)];
    const judged = { profile: 'p', controls, counts: toCounts(controls), rounding: 'none' as const };
    const both = bounds(`compliance.min: ${bound}, compliance.max: ${bound}`);
    expect(checkBounds({ ...judged, threshold: both }).violations).toEqual([]);
    const above = bounds(`compliance.min: ${bound + 0.001}`);
    expect(checkBounds({ ...judged, threshold: above }).violations).toHaveLength(1);
  });
});
