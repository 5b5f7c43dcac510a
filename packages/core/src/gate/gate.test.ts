// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { controlsOf, parseHdf } from '../outcome/hdf.ts';
import { compareWithBaseline } from './baseline.ts';
import { evaluate } from './evaluate.ts';
import { type GateOptions, gateDefaults } from './judgement.ts';
import { type ParsedThreshold, parseThresholdDocument, parseThresholdInline } from './threshold.ts';

const fixtures = new URL('../../fixtures/gate/', import.meta.url);

interface Case {
  name: string;
  hdf: string;
  threshold?: string;
  inline?: string;
  options?: Partial<GateOptions>;
  expected: { exit: number; reason: string; violations: string[]; warnings: string[] };
}
interface RegressionCase {
  name: string;
  baseline: string | null;
  hdf: string;
  options?: Partial<GateOptions>;
  expected: Record<string, unknown> & { exit: number; reason: string };
}

function parseCases<T>(file: string): T[] {
  return JSON.parse(readFileSync(new URL(file, fixtures), 'utf8')) as T[];
}

/** The steps of `cinc-scan gate`, with its reasons, on fixture files. */
function gate({ hdf: file, threshold, inline, options }: Case) {
  const parsed: ParsedThreshold =
    inline === undefined ? parseThresholdDocument(threshold ?? '', options) : parseThresholdInline(inline, options);
  if (parsed.kind === 'refused') return { exit: 2, reason: parsed.reason, violations: [], warnings: [] };
  if (!existsSync(new URL(file, fixtures))) return { exit: 2, reason: 'hdf-unreadable', violations: [], warnings: [] };
  const read = parseHdf(readFileSync(new URL(file, fixtures), 'utf8'));
  if (read.kind === 'refused') return { exit: 2, reason: 'hdf-invalid', violations: [], warnings: [] };
  const { exit, reason, violations, warnings } = evaluate(read.hdf, parsed.threshold, {
    ...gateDefaults(new Date()),
    ...options,
  });
  return { exit, reason, violations: violations.map(each => each.key), warnings: warnings.map(each => each.code) };
}

describe('the gate answers every recorded case as agreed with SAF or closed', () => {
  test.each(parseCases<Case>('cases.json').map(one => [one.name, one] as const))('%s', (_, one) => {
    expect(gate(one)).toEqual(one.expected);
  });
});

describe('the regression gate fails on what got worse and on nothing else', () => {
  test.each(parseCases<RegressionCase>('regression.json').map(one => [one.name, one] as const))('%s', (_, one) => {
    const read = (file: string) => parseHdf(readFileSync(new URL(file, fixtures), 'utf8'));
    const baseline = one.baseline === null ? undefined : read(one.baseline);
    const current = read(one.hdf);
    if (current.kind === 'refused') throw new Error(current.problem);
    if (baseline?.kind === 'refused') {
      expect({ exit: 2, reason: 'baseline-invalid' }).toEqual(one.expected);
      return;
    }
    const { warnings, ...found } = compareWithBaseline(baseline?.hdf, current.hdf, {
      ...gateDefaults(new Date()),
      ...one.options,
    });
    expect({ ...found, warnings: warnings.map(each => each.code) }).toMatchObject(one.expected);
  });
});

describe('a judgement keeps what it rests on', () => {
  const bounds = 'compliance: {min: 60}\nfailed: {critical: {max: 0}}\n';
  const results = readdirSync(fixtures).flatMap(name => {
    const read = parseHdf(readFileSync(new URL(name, fixtures), 'utf8'));
    return read.kind === 'hdf' ? [{ name, hdf: read.hdf }] : [];
  });
  const judgements = (options: Partial<GateOptions>) => {
    const parsed = parseThresholdDocument(bounds, options);
    if (parsed.kind === 'refused') throw new Error(parsed.reason);
    const all = { ...gateDefaults(new Date('2026-02-01T00:00:00Z')), ...options };
    return results.map(({ name, hdf }) => ({ name, hdf, judgement: evaluate(hdf, parsed.threshold, all) }));
  };
  const ways: Partial<GateOptions>[] = [{ profiles: 'first' }, { profiles: 'all' }, { strict: true }];

  test.each(ways)('%j: the same bounds and options give the same again', options => {
    for (const { hdf, judgement } of judgements(options)) {
      const threshold = { bounds: new Map(Object.entries(judgement.bounds)), notEnforced: [] };
      expect(evaluate(hdf, threshold, judgement.options)).toEqual(judgement);
    }
  });

  test.each(ways)('%j: every control it counted is found by its number, in whichever profile', options => {
    const found = judgements(options).flatMap(({ hdf, judgement }) =>
      judgement.controls.map(one => ({ one, listed: controlsOf(hdf)[one.at], base: controlsOf(hdf)[one.base] })),
    );
    expect(found.length).toBeGreaterThan(50);
    for (const { one, listed, base } of found) {
      expect([listed?.control.id, listed?.profile.name]).toEqual([one.id, one.profile]);
      expect(base).toBeDefined();
    }
    expect(found.some(({ one }) => one.at !== one.base)).toBe(true);
  });
});
