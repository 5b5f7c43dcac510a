// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseHdf } from '../outcome/hdf.ts';
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
