// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseAttestations } from '../outcome/attest.ts';
import { type Hdf, parseHdf } from '../outcome/hdf.ts';
import type { WaiverFormat } from '../outcome/waiver.ts';
import { parseWaivers } from '../outcome/waivers.ts';
import { compareWithBaseline } from './baseline.ts';
import { evaluate } from './evaluate.ts';
import { explain } from './explain.ts';
import { gateDefaults } from './judgement.ts';
import { type ParsedThreshold, parseThresholdInline, strictestThreshold, type Threshold } from './threshold.ts';
import { parseThresholdFile } from './threshold-set.ts';

const seed = Number(process.env['CINC_SCAN_FUZZ_SEED'] ?? 20_261_121);
const runs = (share: number) => ({
  seed,
  numRuns: Math.ceil(Number(process.env['CINC_SCAN_FUZZ_CASES'] ?? 24_000) * share),
});
const now = new Date('2026-06-01');
const options = gateDefaults(now);

const fixture = (file: string) => readFileSync(new URL(`../../fixtures/gate/${file}.json`, import.meta.url), 'utf8');
const files = ['mix', 'overlay', 'two-profiles', 'waivers', 'severity-tags', 'overlay-no-parent', 'result-status'];

/** A text with one piece of it cut out, doubled, or replaced by something nasty. */
function broken(texts: readonly string[], nasty: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), fc.nat(), fc.nat({ max: 40 }), fc.constantFrom('', ...nasty), fc.boolean())
    .map(([text, place, length, piece, isTwice]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + piece + text.slice(isTwice ? Math.max(0, at - length) : at + length);
    });
}

/** The file with values of it replaced, so that it stays JSON. */
const reshaped = fc
  .tuple(
    fc.constantFrom(...files),
    fc.array(fc.tuple(fc.nat(), fc.jsonValue({ maxDepth: 2 })), { minLength: 1, maxLength: 3 }),
  )
  .map(([file, changes]) => {
    const document: unknown = JSON.parse(fixture(file));
    for (const [place, value] of changes) replaceAt(document, place, value);
    return JSON.stringify(document);
  });

function replaceAt(document: unknown, place: number, value: unknown): void {
  const places: [object, string][] = [];
  const collect = (at: unknown) => {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, child] of Object.entries(at)) {
      places.push([at, key]);
      collect(child);
    }
  };
  collect(document);
  const [holder, key] = places[place % places.length] ?? [];
  if (holder !== undefined && key !== undefined) Reflect.set(holder, key, value);
}

/** A second, slow reading of the contract: what must be so whenever the strictest gate is met. */
function isClean({ profiles }: Hdf): boolean {
  const controls = profiles.flatMap(profile => profile.controls);
  const bases = controls.filter(control => control.results.length > 0);
  return (
    bases.length > 0 &&
    bases.every(
      ({ impact, waiver_data: waiver, results }) =>
        !results.some(result => result.status === 'error' || Array.isArray(result.backtrace)) &&
        (impact === 0 || Boolean(waiver?.skipped_due_to_waiver) || results.every(result => result.status !== 'failed')),
    )
  );
}

function tryResults(text: string): void {
  const read = parseHdf(text);
  if (read.kind === 'refused') {
    expect(read.problem).not.toBe('');
    return;
  }
  for (const strict of [false, true]) {
    const { exit, controls } = evaluate(read.hdf, strictestThreshold, { ...options, strict });
    if (strict && exit === 0) expect(isClean(read.hdf)).toBe(true);
    if (exit === 0) expect(controls.every(({ status }) => status === 'passed' || status === 'no_impact')).toBe(true);
  }
  explain(read.hdf, options);
  expect(compareWithBaseline(read.hdf, read.hdf, options).new).toEqual([]);
}

describe('no result file makes the gate crash or pass without a reason', () => {
  const texts = files.map(fixture);
  const nasty = [
    'null',
    '"',
    '{',
    '[]',
    '\\u0000',
    '__proto__',
    '1e999',
    '-0',
    '\uFEFF',
    '\uD800',
    ',',
    '"status": "passed",',
  ];
  test(`damaged text (seed ${seed})`, () => {
    fc.assert(fc.property(broken(texts, nasty), tryResults), runs(0.15));
  });
  test(`values of other kinds (seed ${seed})`, () => {
    fc.assert(fc.property(reshaped, tryResults), runs(0.15));
  });
  test('text of any kind', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), tryResults), runs(0.1));
  });
});

const statuses = ['passed', 'failed', 'skipped', 'no_impact', 'error'];

/** Whoever reads a bound into a file must find it enforced: the numbers of the text are those of the bounds. */
function tryThreshold(parsed: ParsedThreshold | ReturnType<typeof parseThresholdFile>): void {
  if (parsed.kind === 'refused') {
    expect(parsed.problems.length).toBeGreaterThan(0);
    expect(parsed.reason).toMatch(/^spec-/);
    return;
  }
  const all: Threshold[] =
    parsed.kind === 'set'
      ? [parsed.set.default, ...parsed.set.entries.map(entry => entry.threshold)]
      : [parsed.threshold];
  for (const { bounds } of all) {
    expect(bounds.size).toBeGreaterThan(0);
    for (const [path, value] of bounds) {
      expect(['compliance', ...statuses]).toContain(path.split('.')[0]);
      expect(Array.isArray(value) ? value.length > 0 : Number.isFinite(value) && value >= 0).toBe(true);
    }
  }
}

const thresholds = [
  'compliance: {min: 80}\nfailed: {total: {max: 0}, high: {max: 1, controls: [a, b]}}\n',
  'failed.critical.max: 0\nerror.total: 2\nno_impact.none.min: 1\n',
  'default: {compliance.min: 90}\ntargets:\n  - match: {selector: deployment/web, labels: {a: b}}\n    threshold: {failed: {total: 0}}\n',
  '{"compliance": {"min": 80, "max": 100}, "passed": {"total": {"min": 3}}}',
];
const inlines = [
  '{compliance.min: 80}, {failed.total.max: 0}',
  '90',
  'compliance.min:57,failed.high.max:1',
  ...thresholds,
];
const oddYaml = [
  '&a ',
  '*a',
  '<<: ',
  '? ',
  '!!set ',
  '!x ',
  '---\n',
  '\t',
  '0x',
  '1e3',
  '.inf',
  '~',
  '{}',
  '[]',
  ': ',
  '- ',
  '"',
  '__proto__: ',
  'constructor: ',
  '{',
  '}',
  '|\n',
  '%',
];

describe('no threshold makes the gate crash or loses a bound', () => {
  test(`damaged files (seed ${seed})`, () => {
    fc.assert(
      fc.property(broken(thresholds, oddYaml), text => tryThreshold(parseThresholdFile(text))),
      runs(0.2),
    );
  });
  test(`damaged inline text (seed ${seed})`, () => {
    fc.assert(
      fc.property(broken(inlines, oddYaml), text => tryThreshold(parseThresholdInline(text))),
      runs(0.15),
    );
  });
  test('text and documents of any kind', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    fc.assert(
      fc.property(anything, text => {
        tryThreshold(parseThresholdFile(text));
        tryThreshold(parseThresholdInline(text));
      }),
      runs(0.05),
    );
  });

  test.each([
    [
      'aliases within aliases',
      `a: &a [${'x,'.repeat(50)}]\n${'bcdef'
        .split('')
        .map(
          (key, at) => `${key}: &${key} {${Array.from({ length: 60 }, (_, n) => `k${n}: *${'abcde'[at]}`).join(', ')}}`,
        )
        .join('\n')}`,
    ],
    ['an alias of itself', 'a: &a {b: *a}'],
    ['a thousand levels', `${'{a: '.repeat(1000)}1${'}'.repeat(1000)}`],
    ['ten thousand unknown keys', Array.from({ length: 9000 }, (_, n) => `k${n}: 1`).join('\n')],
    ['more than 64 KiB', `compliance.min: 1 #${'x'.repeat(70_000)}`],
    ['white space without end', `{compliance.min: 1}${' '.repeat(60_000)}x`],
  ])('%s end at once', (...[, text]) => {
    expect(parseThresholdFile(text)).toMatchObject({ kind: 'refused' });
    expect(parseThresholdInline(text)).toMatchObject({ kind: 'refused' });
  });
});

const waivers = [
  ['yaml', 'a: {justification: x, expiration_date: 2026-12-31, run: false, owner: o}\nb: {justification: y}\n'],
  ['json', '{"a": {"justification": "x", "expiration_date": "2026-12-31", "run": false}}'],
  ['csv', 'control_id,justification,run\na,"x, y",false\nb,z,true\n'],
] as const;

function tryWaivers(text: string, format: WaiverFormat): void {
  const parsed = parseWaivers(text, format, now);
  if (parsed.kind === 'refused') expect(parsed.problems.length).toBeGreaterThan(0);
  else for (const waiver of parsed.waivers) expect(waiver.justification.trim()).not.toBe('');
}

describe('no waiver or attestation file makes a reader crash or waive without a justification', () => {
  test.each(waivers)(`damaged %s (seed ${seed})`, (format, text) => {
    const nasty = [...oddYaml, ',', '""', '\r\n', '2026-13-01', 'justification'];
    fc.assert(
      fc.property(broken([text], nasty), damaged => tryWaivers(damaged, format)),
      runs(0.05),
    );
  });
  test('text of any kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('yaml', 'json', 'csv'), tryWaivers),
      runs(0.05),
    );
  });
  test(`damaged attestations (seed ${seed})`, () => {
    const text = '- {control_id: a, explanation: b, frequency: 1d, status: passed, updated: 2026-05-31, updated_by: c}';
    const attempt = (damaged: string) => {
      const parsed = parseAttestations(damaged, now);
      if (parsed.kind === 'attestations')
        for (const { updated } of parsed.attestations) expect(updated).toMatch(/^20\d\d-/);
    };
    fc.assert(fc.property(broken([text], oddYaml), attempt), runs(0.05));
  });
});
