// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { type Hdf, parseHdf } from '../outcome/hdf.ts';
import { evaluate } from './evaluate.ts';
import { gateDefaults } from './judgement.ts';
import { strictestThreshold } from './threshold.ts';

const statuses = ['passed', 'failed'];
const control = (index: number, hasResult: boolean) => ({
  id: `c${index}`,
  impact: 0.7,
  refs: [],
  tags: {},
  source_location: {},
  results: hasResult ? [{ status: statuses[index - 1], code_desc: 'x', start_time: '2026-01-01T00:00:00Z' }] : [],
});
const profile = (name: string, hasResults: boolean, more: object = {}) => ({
  name,
  sha256: name,
  supports: [],
  attributes: [],
  groups: [],
  controls: [control(1, hasResults), control(2, hasResults)],
  ...more,
});

function hdfOf(...profiles: object[]): Hdf {
  const platform = { name: 'redhat', release: '8' };
  const read = parseHdf(JSON.stringify({ platform, version: '5.22.0', statistics: {}, profiles }));
  if (read.kind === 'refused') throw new Error(read.problem);
  return read.hdf;
}

const judged = (hdf: Hdf, options = {}) =>
  evaluate(hdf, strictestThreshold, { ...gateDefaults(new Date('2026-02-01T00:00:00Z')), ...options });

// SAF 1.5.3 says of each: 1 passed, 1 failed, compliance 50.
describe('an overlay without results takes them, as SAF does, with a warning', () => {
  const cases: [string, Hdf][] = [
    ['from the only other profile', hdfOf(profile('overlay', false), profile('base', true))],
    [
      'from one that it names by an alias',
      hdfOf(
        profile('overlay', false, { depends: [{ name: 'alias', status: 'loaded' }] }),
        profile('base', true, { parent_profile: 'alias' }),
      ),
    ],
    [
      'from one of several, by an alias',
      hdfOf(
        profile('overlay', false, { depends: [{ name: 'alias' }] }),
        profile('base', true, { parent_profile: 'alias' }),
        { ...profile('other', true), controls: [{ ...control(1, true), id: 'z' }] },
      ),
    ],
  ];
  test.each(cases)('%s', (_, hdf) => {
    const { counts, compliance, warnings } = judged(hdf);
    expect([counts.passed.total, counts.failed.total, compliance.rounded]).toEqual([1, 1, 50]);
    expect(warnings.map(({ code }) => code)).toContain('linked-by-id');
  });
});

test.each<[string, object[]]>([
  ['one of several that it does not name', [profile('overlay', false), profile('base', true), profile('third', false)]],
  [
    'the other one, which lacks a control',
    [profile('overlay', false), { ...profile('base', true), controls: [control(1, true)] } satisfies object],
  ],
])('an overlay takes no results from %s', (_, profiles) => {
  expect(judged(hdfOf(...profiles))).toMatchObject({ exit: 2, reason: 'hdf-ambiguous' });
});

describe('a control that stands twice in a profile', () => {
  const twice = (...controls: object[]) => hdfOf({ ...profile('p', true), controls });
  const [passing, failing] = [control(1, true), { ...control(2, true), id: 'c1' }];

  // SAF 1.5.3 counts one of them, and takes the status of the first that has results.
  test.each([
    ['the first failed', twice(failing, passing)],
    ['the second failed', twice(passing, failing)],
  ])('is not judged by one of them where %s', (_, hdf) => {
    expect(judged(hdf)).toMatchObject({
      exit: 2,
      reason: 'hdf-ambiguous',
      problem: 'control "c1" appears twice in profile "p"; all-profiles counts each of them',
    });
    const { exit, counts } = judged(hdf, { profiles: 'all' });
    expect([exit, counts.passed.total, counts.failed.total]).toEqual([3, 1, 1]);
  });

  test('is not judged at all where an overlay is about one of them', () => {
    const base = { ...profile('base', true, { parent_profile: 'overlay' }), controls: [passing, failing] };
    const hdf = hdfOf({ ...profile('overlay', false), controls: [control(1, false)] }, base);
    for (const profiles of ['first', 'all'])
      expect(judged(hdf, { profiles })).toMatchObject({
        exit: 2,
        problem: 'control "c1" appears twice in profile "base"',
      });
  });
});
