// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compareFindings, seedState } from './compare.ts';
import type { Finding, RawFinding } from './finding.ts';
import type { Look } from './look.ts';
import { mergeFindings, toFinding } from './merge.ts';
import type { ComparedFinding, FindingRun } from './run.ts';
import { emptyState, type FindingState } from './state.ts';
import { aFinding, anyFinding, attribution } from './testing/findings.ts';

const day = (number: number) => `2026-11-${String(number).padStart(2, '0')}T00:00:00Z`;

const aLook = (source: string, changes: Partial<Look> = {}): Look => ({
  source,
  kind: 'looked',
  target: 'image:shop/web',
  scope: '',
  ruleset: 'trivy 0',
  unchecked: [],
  ...changes,
});

const of = (source: string, raw: Partial<RawFinding> = {}): Finding =>
  toFinding({ ...aFinding, ...raw }, attribution(source));

const aRun = (number: number, looks: Look[], findings: Finding[]): FindingRun => ({
  scope: 'prod',
  at: day(number),
  looks,
  findings: mergeFindings(findings),
  waived: new Map(),
});

function compared(state: FindingState, run: FindingRun): { rows: ComparedFinding[]; state: FindingState } {
  const result = compareFindings(state, run);
  if (result.kind === 'refused') throw new Error(result.problem);
  // A state lies in a file between two runs.
  return { rows: result.rows, state: JSON.parse(JSON.stringify(result.state)) as FindingState };
}

/** The statuses of one run after the other. */
function statuses(...runs: FindingRun[]): string[][] {
  let state = emptyState('prod');
  return runs.map(run => {
    const next = compared(state, run);
    ({ state } = next);
    return next.rows.map(({ status, isTold }) => (isTold ? `(${status})` : status));
  });
}

const trivy = aLook('a');
const failed = aLook('a', { kind: 'not-looked', ruleset: '' });
const config = { kind: 'misconfiguration', rule: 'AWS-0143' } as const;

describe('a finding between runs', () => {
  test('is new, then known, then fixed, then silent, then returned', () => {
    const found = (number: number) => aRun(number, [trivy], [of('a')]);
    const none = (number: number) => aRun(number, [trivy], []);
    expect(statuses(found(1), found(2), none(3), none(4), found(5), found(6))).toEqual([
      ['new'],
      ['(known)'],
      ['fixed'],
      [],
      ['returned'],
      ['(known)'],
    ]);
  });

  test('keeps the day on which it was first seen', () => {
    const first = compared(emptyState('prod'), aRun(1, [trivy], [of('a')]));
    const fixed = compared(first.state, aRun(2, [trivy], []));
    const again = compared(fixed.state, aRun(3, [trivy], [of('a')]));
    expect(again.rows).toMatchObject([{ status: 'returned', firstSeen: day(1) }]);
    expect(Object.values(again.state.entries)).toMatchObject([{ firstSeen: day(1), lastSeen: day(3), status: 'open' }]);
  });

  test('is unsure while its source fails, is told so once, and is known afterwards', () => {
    const found = (number: number) => aRun(number, [trivy], [of('a')]);
    expect(statuses(found(1), aRun(2, [failed], []), aRun(3, [failed], []), found(4))).toEqual([
      ['new'],
      ['unsure'],
      ['(unsure)'],
      ['(known)'],
    ]);
  });

  test('is fixed only after the failure, by a look that finds it no more', () => {
    expect(statuses(aRun(1, [trivy], [of('a')]), aRun(2, [failed], []), aRun(3, [trivy], []))).toEqual([
      ['new'],
      ['unsure'],
      ['fixed'],
    ]);
  });

  test.each<[because: string, looks: Look[]]>([
    ['a is no longer among the sources', []],
    ['a did not look', [failed]],
    ['a looked at image:shop/api, and at image:shop/web before', [aLook('a', { target: 'image:shop/api' })]],
    ['a looked with another scope ( before, now -n kube-system)', [aLook('a', { scope: '-n kube-system' })]],
    ['a looked with another ruleset (trivy 0 before, now trivy 1)', [aLook('a', { ruleset: 'trivy 1' })]],
    ['a did not check AWS-0143 this time', [aLook('a', { unchecked: ['AWS-0143'] })]],
  ])('is not fixed where %s', (because, looks) => {
    const { state } = compared(emptyState('prod'), aRun(1, [trivy], [of('a', config)]));
    expect(compared(state, aRun(2, looks, [])).rows).toMatchObject([{ status: 'unsure', because }]);
  });

  test('stays unsure when its benchmark was renumbered, and what stands in its place is not new', () => {
    const [old, renewed] = [aLook('a', { ruleset: 'cis-1.6' }), aLook('a', { ruleset: 'cis-1.10' })];
    const numbered = (rule: string) => of('a', { ...config, rule });
    const second = aRun(2, [renewed], [numbered('cis-1.10 4.1.2')]);
    const third = aRun(3, [renewed], [numbered('cis-1.10 4.1.2')]);
    expect(statuses(aRun(1, [old], [numbered('cis-1.6 4.1.1')]), second, third)).toEqual([
      ['new'],
      ['unsure', 'unsure'],
      ['(known)', '(unsure)'],
    ]);
  });

  test('is new under a changed ruleset if it is a vulnerability: its name is not one of the ruleset', () => {
    const run = aRun(2, [aLook('a', { ruleset: 'trivy 1' })], [of('a'), of('a', { rule: 'CVE-2026-1' })]);
    expect(statuses(aRun(1, [trivy], [of('a')]), run)[1]).toEqual(['(known)', 'new']);
  });

  test('of two sources is fixed only when both looked and neither finds it', () => {
    const both = aRun(1, [trivy, aLook('b')], [of('a'), of('b')]);
    const half = aRun(2, [trivy, aLook('b', { kind: 'not-looked' })], []);
    const none = aRun(3, [trivy, aLook('b')], []);
    expect(statuses(both, half, none)).toEqual([['new'], ['unsure'], ['fixed']]);
  });

  test('that one of two sources no longer reports waits for that source no more', () => {
    const both = aRun(1, [trivy, aLook('b')], [of('a'), of('b')]);
    const one = aRun(2, [trivy, aLook('b')], [of('a')]);
    const none = aRun(3, [trivy, aLook('b', { kind: 'not-looked' })], []);
    expect(statuses(both, one, none)).toEqual([['new'], ['(known)'], ['fixed']]);
  });

  test('that a failed source may still see is not fixed by the other one', () => {
    const both = aRun(1, [trivy, aLook('b')], [of('a'), of('b')]);
    const one = aRun(2, [trivy, aLook('b', { kind: 'not-looked' })], [of('a')]);
    const none = aRun(3, [trivy, aLook('b', { kind: 'not-looked' })], []);
    expect(statuses(both, one, none)).toEqual([['new'], ['(known)'], ['unsure']]);
  });

  test('is new if one of its two sources kept its ruleset: that one knew all it had found', () => {
    const looks = [aLook('a', { ruleset: 'other' }), aLook('b')];
    expect(statuses(aRun(1, [trivy, aLook('b')], []), aRun(2, looks, [of('a', config), of('b', config)]))).toEqual([
      [],
      ['new'],
    ]);
  });

  test('is waived with its reason, and returns to known when the waiver ends', () => {
    const { fingerprint } = of('a');
    const waived = { ...aRun(1, [trivy], [of('a')]), waived: new Map([[fingerprint, 'waivers.yml: accepted']]) };
    const first = compared(emptyState('prod'), waived);
    expect(first.rows).toMatchObject([{ status: 'waived', because: 'waivers.yml: accepted' }]);
    expect(compared(first.state, aRun(2, [trivy], [of('a')])).rows).toMatchObject([{ status: 'known' }]);
  });

  test('is not new after a seed', () => {
    const state = seedState(aRun(1, [trivy], [of('a')]));
    expect(compared(state, aRun(2, [trivy], [of('a')])).rows).toMatchObject([{ status: 'known', firstSeen: day(1) }]);
  });
});

describe('a state', () => {
  test('of another scope is refused', () => {
    expect(compareFindings(emptyState('test'), aRun(1, [], []))).toMatchObject({
      kind: 'refused',
      problem: 'the state is of scope "test", and the run is of scope "prod"',
    });
  });

  test('is never compared with a run that is not younger', () => {
    const { state } = compared(emptyState('prod'), aRun(2, [trivy], []));
    expect(compareFindings(state, aRun(1, [trivy], []))).toMatchObject({ kind: 'refused' });
    expect(compareFindings(state, aRun(2, [trivy], []))).toMatchObject({ kind: 'refused' });
    expect(compareFindings(state, { ...aRun(3, [], []), at: 'yesterday' })).toMatchObject({ kind: 'refused' });
  });

  test('forgets nothing that a failed source had told of the others', () => {
    const { state } = compared(emptyState('prod'), aRun(1, [trivy], []));
    expect(compared(state, aRun(2, [failed], [])).state.looks).toEqual(state.looks);
  });
});

// What any history has to hold to.
const aDay = fc.record({
  findings: fc.array(anyFinding, { maxLength: 6 }),
  a: fc.boolean(),
  b: fc.boolean(),
});

describe('any history', () => {
  const runsOf = (days: { findings: Finding[]; a: boolean; b: boolean }[]) =>
    days.map(({ findings, a, b }, index) => {
      const looked = { a, b };
      const looks = (['a', 'b'] as const).map(source =>
        aLook(source, { kind: looked[source] ? 'looked' : 'not-looked' }),
      );
      const seen = findings.filter(({ reportedBy }) => reportedBy.every(({ source }) => (source === 'b' ? b : a)));
      return aRun(index + 1, looks, seen);
    });

  test('fixes nothing while a source that reported it does not look, and loses nothing', () => {
    fc.assert(
      fc.property(fc.array(aDay, { maxLength: 8 }), days => {
        let state = emptyState('prod');
        for (const run of runsOf(days)) {
          const open = Object.values(state.entries).filter(({ status }) => status !== 'fixed');
          const next = compared(state, run);
          const told = new Map(next.rows.map(row => [row.finding.fingerprint, row]));
          expect(told.size).toBe(next.rows.length);
          for (const { finding, seenBy } of open) {
            const row = told.get(finding.fingerprint);
            expect(row).toBeDefined();
            const allLooked = Object.keys(seenBy).every(source =>
              run.looks.some(look => look.source === source && look.kind === 'looked'),
            );
            if (row?.status === 'fixed') expect(allLooked).toBe(true);
          }
          for (const { fingerprint } of run.findings) expect(told.has(fingerprint)).toBe(true);
          ({ state } = next);
        }
      }),
    );
  });

  test('tells nothing new when the same run is made again', () => {
    fc.assert(
      fc.property(fc.array(aDay, { minLength: 1, maxLength: 6 }), days => {
        const runs = runsOf(days);
        let state = emptyState('prod');
        for (const run of runs) ({ state } = compared(state, run));
        const last = runs.at(-1);
        if (last === undefined) return;
        const again = compared(state, { ...last, at: day(28) });
        expect(again.rows.filter(({ isTold }) => !isTold)).toEqual([]);
      }),
    );
  });
});
