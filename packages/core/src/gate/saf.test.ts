// SPDX-License-Identifier: Apache-2.0
// SAF itself is asked: packages/oracles, which `./dev test` installs.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseHdf } from '../outcome/hdf.ts';
import { evaluate } from './evaluate.ts';
import { generateThreshold } from './generate.ts';
import { gateDefaults } from './judgement.ts';
import { parseThresholdDocument, parseThresholdInline } from './threshold.ts';

const cases = Number(process.env['CINC_SCAN_ORACLE_CASES'] ?? 2000);
const seed = Number(process.env['CINC_SCAN_ORACLE_SEED'] ?? 20_261_121);

interface Case {
  hdf: string;
  spec: string;
  form: 'file' | 'inline';
  /** Departures from what SAF can read, by the reason that allows ours to differ. */
  allowed: string[];
}
interface Answer {
  exit: number;
  printed: string;
}

const oracle = fileURLToPath(new URL('../../../oracles/src/oracle.ts', import.meta.url));

function askSaf(questions: readonly Pick<Case, 'hdf' | 'spec' | 'form'>[]): Answer[] {
  const input = questions.map(each => JSON.stringify({ ...each, ask: 'threshold' })).join('\n');
  const { stdout } = spawnSync(process.execPath, [oracle], { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
  const answers = stdout.split('\n').filter(line => line !== '');
  if (answers.length < questions.length) throw new Error('No answer: run `npm ci --prefix packages/oracles` first');
  return answers.map(line => JSON.parse(line) as Answer);
}

// Results: every boundary of severity, tag, waiver and result that decides a control's status.
const result = fc.record(
  {
    code_desc: fc.constant('a check'),
    start_time: fc.constant('2026-01-01T00:00:00Z'),
    status: fc.constantFrom('passed', 'passed', 'failed', 'skipped', 'error', null),
    backtrace: fc.constantFrom(null, null, null, [], ['line 1']),
  },
  { requiredKeys: ['code_desc', 'start_time'] },
);
const word = fc.constantFrom('none', 'low', 'medium', 'high', 'critical', 'High', 'CRITICAL', 'bogus', '', null);
const oddTags = [{ severity: 3 }, { nist: [7] }, { severityoverride: true }];
const tags = fc.oneof(
  { weight: 60, arbitrary: fc.constant({}) },
  { weight: 60, arbitrary: fc.record({ severity: word, severityoverride: word }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.constantFrom<object>(...oddTags) },
);
const waiver = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(true, false, null, '', 'no')
      .map(flag => ({ waiver_data: { skipped_due_to_waiver: flag } })),
  },
);
const control = (id: string, results: fc.Arbitrary<object[]> = fc.array(result, { maxLength: 3 })) =>
  fc
    .record({
      impact: fc.constantFrom(-1, 0, 0, 0.05, 0.1, 0.39, 0.4, 0.5, 0.69, 0.7, 0.89, 0.9, 1, 2),
      tags,
      waiver,
      results,
    })
    .map(({ waiver: waived, ...rest }) => ({ id, refs: [], source_location: {}, ...rest, ...waived }));

const ids = Array.from({ length: 12 }, (_, index) => `c${index}`);
const some = fc.subarray(ids, { minLength: 1 });
const bare = fc.constant<object[]>([]);

interface Profile {
  name: string;
  controls: object[];
}
const profile = (name: string, controls: object[], more: object = {}): Profile => ({
  name,
  controls,
  ...common,
  ...more,
});
const common = { sha256: 'x', supports: [], attributes: [], groups: [], status: 'loaded' };
const controls = (of: readonly string[], results?: fc.Arbitrary<object[]>) =>
  fc.tuple(...of.map(id => control(id, results)));
const single = some.chain(of => controls(of)).map(own => [profile('first', own)]);
const overlay = some.chain(of =>
  fc
    .tuple(controls(of, bare), controls(of), controls(of.slice(1)), fc.boolean())
    .map(([top, base, deep, isThree]) => [
      profile('top', top),
      profile('base', isThree ? top : base, { parent_profile: 'top' }),
      ...(isThree ? [profile('deep', base, { parent_profile: 'base' })] : []),
      ...(isThree ? [] : [profile('second', deep, { parent_profile: 'top' })]),
    ]),
);
const independent = fc
  .tuple(some, some)
  .chain(([of, other]) => fc.tuple(controls(of), controls(other), fc.constantFrom({}, { parent_profile: 'absent' })))
  .map(([own, other, more]) => [profile('first', own), profile('second', other, more)]);
const linkedById = fc
  .tuple(some, fc.boolean(), fc.boolean())
  .chain(([of, isNamed, isTied]) =>
    fc
      .tuple(controls(of, bare), controls(of))
      .map(([own, base]) => [
        profile('first', own, isNamed ? { depends: [{ name: 'second' }] } : {}),
        profile('second', base),
        ...(isTied ? [profile('third', base.slice(1), { parent_profile: 'second' })] : []),
      ]),
  );
const baseFirst = overlay.map(profiles => profiles.toReversed());
const hdf = fc
  .oneof(
    { weight: 8, arbitrary: single },
    { weight: 4, arbitrary: overlay },
    { weight: 2, arbitrary: independent },
    { weight: 2, arbitrary: linkedById },
    { weight: 1, arbitrary: baseFirst },
  )
  .map(toHdf);

function toHdf(profiles: readonly Profile[]): string {
  return JSON.stringify({ platform: { name: 'a', release: '1' }, profiles, statistics: {}, version: '5' });
}

// Thresholds: one to four bounds, spelled in every way SAF reads, and a few it does not.
const statuses = ['passed', 'failed', 'skipped', 'error', 'no_impact'];
const status = fc.constantFrom(...statuses);
const severity = fc.constantFrom('critical', 'high', 'medium', 'low');
const few = fc.constantFrom(0, 0, 1, 2, 3, 5);
type Bound = [path: string, value: number | string[]];
const bound: fc.Arbitrary<Bound> = fc.oneof(
  fc.tuple(fc.constantFrom('compliance.min', 'compliance.max'), fc.constantFrom(0, 1, 33, 50, 56, 67, 90, 100, 66.7)),
  fc.tuple(
    status.map(of => `${of}.total`),
    few,
  ),
  fc.tuple(
    fc.tuple(status, fc.constantFrom('min', 'max')).map(([of, end]) => `${of}.total.${end}`),
    few,
  ),
  fc.tuple(
    fc.tuple(status, severity, fc.constantFrom('min', 'max')).map(([of, at, end]) => `${of}.${at}.${end}`),
    few,
  ),
  fc.tuple(fc.constantFrom('no_impact.none.min', 'no_impact.none.max'), few),
  fc.tuple(
    fc.tuple(status, severity).map(([of, at]) => `${of}.${at}.controls`),
    fc.subarray(ids, { minLength: 1, maxLength: 2 }),
  ),
);
const crossed: fc.Arbitrary<Bound[]> = fc
  .tuple(status, fc.constantFrom('total', 'high', 'medium'), few, few)
  .filter(([of, at]) => of !== 'no_impact' || at !== 'total')
  .map(([of, at, one, other]) => [
    [`${of}.${at}.max`, Math.max(one, other)],
    [`${of}.${at}.min`, Math.min(one, other)],
  ]);
const rivals: fc.Arbitrary<Bound[]> = fc
  .tuple(fc.subarray(statuses, { minLength: 2, maxLength: 4 }), severity, fc.constantFrom('min', 'max'))
  .map(([of, at, end]) => of.toReversed().map(each => [`${each}.${at}.${end}`, end === 'min' ? 1 : 0]));
const bounds = fc.oneof(
  { weight: 9, arbitrary: fc.uniqueArray(bound, { minLength: 1, maxLength: 4, selector: ([path]) => path }) },
  { weight: 1, arbitrary: crossed },
  { weight: 1, arbitrary: rivals },
);

function nest(list: readonly Bound[]): object {
  const tree: Record<string, Record<string, unknown>> = {};
  for (const [path, value] of list) {
    const [one = '', two = '', three] = path.split('.');
    const section = (tree[one] ??= {});
    if (three === undefined) section[two] = value;
    else section[two] = { ...(typeof section[two] === 'object' ? section[two] : {}), [three]: value };
  }
  return tree;
}

const spec = fc.tuple(bounds, fc.constantFrom('nested', 'nested', 'flat', 'inline')).map(([list, spelling]) => {
  const numbers = list.filter(([, value]) => typeof value === 'number');
  if (spelling === 'nested' || numbers.length < list.length)
    return { form: 'file' as const, spec: JSON.stringify(nest(list)), allowed: [] };
  const stems = numbers
    .map(([path]) => path.split('.').slice(0, 2).join('.'))
    .filter(stem => !stem.startsWith('compliance'));
  const lost = new Set(stems).size < stems.length ? ['SAF loses the earlier of two bounds'] : [];
  if (spelling === 'flat')
    return { form: 'file' as const, spec: JSON.stringify(Object.fromEntries(list)), allowed: lost };
  const cut = list.some(([, value]) => !Number.isInteger(value)) ? ['SAF cuts fractions off'] : [];
  const text = list.map(([path, value]) => `{${path}: ${String(value)}}`).join(', ');
  return { form: 'inline' as const, spec: text, allowed: [...lost, ...cut] };
});
const anyCase: fc.Arbitrary<Case> = fc.tuple(hdf, spec).map(([text, given]) => ({ hdf: text, ...given }));

interface Ours {
  exit: number;
  reason: string;
  first: string | undefined;
}
function gate({ hdf: text, spec: threshold, form }: Omit<Case, 'allowed'>): Ours {
  const parsed = form === 'inline' ? parseThresholdInline(threshold) : parseThresholdDocument(threshold);
  if (parsed.kind === 'refused') return { exit: 2, reason: parsed.reason, first: undefined };
  const read = parseHdf(text);
  if (read.kind === 'refused') return { exit: 2, reason: 'hdf-invalid', first: undefined };
  const { exit, reason, violations } = evaluate(read.hdf, parsed.threshold, gateDefaults(new Date(0)));
  return { exit, reason, first: violations[0]?.key };
}

/** What SAF says, in our words; undefined where it exits with 0 without having looked. */
function saf({ exit, printed }: Answer): Pick<Ours, 'exit' | 'first'> | undefined {
  if (exit === 0) return printed.includes('All validation tests passed') ? { exit: 0, first: undefined } : undefined;
  const compliance = /Overall compliance (min|max)imum/.exec(printed)?.[1];
  const key = /Error: ([\w.]+): Threshold/.exec(printed)?.[1] ?? /Expected ([\w.]+) to contain/.exec(printed)?.[1];
  return { exit: 3, first: compliance === undefined ? key : `compliance.${compliance}` };
}

/** Why ours may say something else; every one of these refuses or is stricter, never laxer. */
function excuse(one: Case, ours: Ours, theirs: ReturnType<typeof saf>): string | undefined {
  if (ours.exit === 2) return ours.reason;
  if (theirs === undefined) return hasOddTag(one.hdf) ? 'SAF does not read such tags' : undefined;
  if (ours.exit === theirs.exit && ours.first === theirs.first) return 'equal';
  return ours.exit === 3 ? one.allowed[0] : undefined;
}

const hasOddTag = (text: string) => oddTags.some(odd => text.includes(JSON.stringify(odd).slice(1, -1)));

// The whole list of differences that are meant: refusals, what SAF cannot read, and bounds that it loses.
const meant: ReadonlySet<string> = new Set([
  'equal',
  'spec-conflict',
  'spec-empty',
  'hdf-ambiguous',
  'nothing-checked',
  'SAF does not read such tags',
  'SAF loses the earlier of two bounds',
  'SAF cuts fractions off',
]);

describe('SAF is the oracle', () => {
  test(`verdict and first violation equal SAF's in ${cases} random cases (seed ${seed})`, () => {
    const sampled = fc.sample(anyCase, { numRuns: cases, seed });
    const answers = askSaf(sampled);
    const tally = new Map<string, number>();
    const differing = sampled.flatMap((one, index) => {
      const theirs = saf(answers[index] ?? { exit: 0, printed: 'no answer' });
      const ours = gate(one);
      const why = excuse(one, ours, theirs);
      tally.set(why ?? 'different', (tally.get(why ?? 'different') ?? 0) + 1);
      return why === undefined ? [{ seed, index, one, ours, theirs }] : [];
    });
    expect(differing).toEqual([]);
    expect([...tally.keys()].filter(why => !meant.has(why))).toEqual([]);
    expect(tally.get('equal')).toBeGreaterThan(cases / 2);
  }, 600_000);

  test(`it passes the results that a threshold was generated from (seed ${seed})`, () => {
    const sampled = fc.sample(hdf, { numRuns: Math.ceil(cases / 20), seed }).flatMap(text => {
      const made = generate(text, 0);
      return made === undefined ? [] : [{ hdf: text, spec: made, form: 'file' as const }];
    });
    const answers = askSaf(sampled).map(saf);
    expect(sampled.length).toBeGreaterThan(cases / 40);
    expect(sampled.filter((one, index) => answers[index]?.exit !== 0 && !hasOddTag(one.hdf))).toEqual([]);
  }, 600_000);
});

function generate(text: string, margin: number): string | undefined {
  const read = parseHdf(text);
  if (read.kind === 'refused') throw new Error(read.problem);
  const made = generateThreshold(read.hdf, { ...gateDefaults(new Date(0)), margin });
  return made.kind === 'threshold' ? made.text : undefined;
}

describe('a generated threshold is just met', () => {
  test('the results pass it, with and without a margin', () => {
    fc.assert(
      fc.property(hdf, fc.nat({ max: 100 }), (text, margin) => {
        const made = generate(text, margin);
        if (made !== undefined) expect(gate({ hdf: text, spec: made, form: 'file' })).toMatchObject({ exit: 0 });
      }),
      { seed, numRuns: 1000 },
    );
  });

  test.each([
    ['fails', [{ code_desc: 'a', start_time: 'b', status: 'failed' }], 0.5],
    ['is skipped', [{ code_desc: 'a', start_time: 'b', status: 'skipped' }], 0.5],
    ['no longer applies', [], 0],
  ])('one passed control that %s violates it', (...[, results, impact]) => {
    fc.assert(
      fc.property(hasPassed, own => {
        const [first, ...rest] = own;
        const made = generate(toText(own), 0) ?? '';
        const worse = toText([{ ...first, results, impact }, ...rest]);
        expect(gate({ hdf: worse, spec: made, form: 'file' })).toMatchObject({ exit: 3 });
      }),
      { seed, numRuns: 200 },
    );
  });
});

const hasPassed = single.map(([first]) => first?.controls.filter(isPlainPass) ?? []).filter(own => own.length > 1);

const isPlainPass = (own: object) => counted(own) === 'passed';
const toText = (own: object[]) => toHdf([profile('first', own)]);

function counted(own: object): string | undefined {
  const read = parseHdf(toText([own]));
  const answer =
    read.kind === 'hdf' && evaluate(read.hdf, { bounds: new Map(), notEnforced: [] }, gateDefaults(new Date(0)));
  return answer ? answer.controls[0]?.status : undefined;
}
