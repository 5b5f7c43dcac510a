// SPDX-License-Identifier: Apache-2.0
import { type ControlStatus, severities, statuses } from '../outcome/index.ts';
import { type Compliance, type Counted, type Counts, toCompliance } from './count.ts';
import type { Violation } from './judgement.ts';
import type { Threshold } from './spec.ts';

export interface Bounded {
  violations: Violation[];
  /** Compliance bounds that hold only because the percentage was rounded. */
  roundingDecided: string[];
  compliance: Compliance;
}

interface CheckedProfile {
  profile: string;
  controls: Counted[];
  counts: Counts;
  threshold: Threshold;
  rounding: 'saf' | 'none';
}

// The order in which SAF looks: it stops at the first violation, so the first of ours must be its.
const exactOrder: readonly ControlStatus[] = ['passed', 'failed', 'skipped', 'no_impact', 'error'];
const rangeOrder: readonly ControlStatus[] = ['passed', 'failed', 'skipped', 'error', 'no_impact'];

function checkOrder(): string[] {
  const buckets = severities.flatMap(severity => rangeOrder.map(status => `${status}.${severity}`));
  return [
    'compliance.min',
    'compliance.max',
    ...exactOrder.map(status => `${status}.total`),
    ...rangeOrder.map(status => `${status}.total.min`),
    ...rangeOrder.map(status => `${status}.total.max`),
    ...buckets.flatMap(bucket => [`${bucket}.min`, `${bucket}.max`]),
    ...buckets.map(bucket => `${bucket}.controls`),
  ];
}

const order = checkOrder();

/** Holds one gated set against every bound. */
export function checkBounds(judged: CheckedProfile): Bounded {
  const found: Bounded = { violations: [], roundingDecided: [], compliance: toCompliance(judged.counts) };
  for (const key of order) {
    const bound = judged.threshold.bounds.get(key);
    if (bound === undefined) continue;
    const violation = key.startsWith('compliance.')
      ? checkCompliance(key, Number(bound), judged)
      : checkCount(key, bound, judged);
    if (violation === 'by-rounding') found.roundingDecided.push(key);
    else if (violation !== undefined) found.violations.push({ key, profile: judged.profile, ...violation });
  }
  return found;
}

type FoundViolation = Omit<Violation, 'key' | 'profile'>;

function checkCompliance(
  key: string,
  bound: number,
  judged: CheckedProfile,
): FoundViolation | 'by-rounding' | undefined {
  const compliance = toCompliance(judged.counts);
  const isMin = key === 'compliance.min';
  const sign = compareExactly(compliance, bound);
  const isExact = isMin ? sign >= 0 : sign <= 0;
  const isRounded = isMin ? compliance.rounded >= bound : compliance.rounded <= bound;
  if (judged.rounding === 'none' ? isExact : isRounded) return isExact ? undefined : 'by-rounding';
  const { passed, total, percent } = compliance;
  return {
    expected: `compliance ${isMin ? 'at least' : 'at most'} ${bound} %`,
    actual: percent === null ? 'no control that counts' : `${percent} % (${passed} of ${total})`,
    controls: isMin ? judged.controls.filter(isAgainst).map(control => control.id) : [],
  };
}

const isAgainst = ({ status }: Counted) => status === 'failed' || status === 'error' || status === 'skipped';

/** The sign of `passed / total - bound %`, in integers: 0.56 % of 1250 is 7, and not so in floating point. */
function compareExactly({ passed, total }: Compliance, bound: number): number {
  if (total === 0) return bound === 0 ? 0 : -1;
  const digits = 12;
  const scaled = BigInt(bound.toFixed(digits).replace('.', '')) * BigInt(total);
  const reached = BigInt(passed) * 100n * 10n ** BigInt(digits);
  return reached === scaled ? 0 : reached > scaled ? 1 : -1;
}

function checkCount(key: string, bound: number | string[], { controls }: CheckedProfile): FoundViolation | undefined {
  const [name, bucket = 'total', kind = 'exact'] = key.split('.');
  const status = statuses.find(known => known === name) ?? 'error';
  const isTotal = bucket === 'total';
  const ids = controls
    .filter(control => control.status === status && (isTotal || control.severity === bucket))
    .map(control => control.id);
  const what = isTotal ? status : `${status} of severity ${bucket}`;
  return typeof bound === 'number' ? checkNumber({ kind, bound, what }, ids) : checkIds(what, bound, ids);
}

const quantities = new Map([
  ['min', { word: 'at least', holds: (actual: number, bound: number) => actual >= bound }],
  ['max', { word: 'at most', holds: (actual: number, bound: number) => actual <= bound }],
]);
const exactly = { word: 'exactly', holds: (actual: number, bound: number) => actual === bound };

function checkNumber(wanted: { kind: string; bound: number; what: string }, ids: string[]): FoundViolation | undefined {
  const { word, holds } = quantities.get(wanted.kind) ?? exactly;
  if (holds(ids.length, wanted.bound)) return undefined;
  return {
    expected: `${word} ${wanted.bound} ${wanted.what}`,
    actual: `${ids.length}`,
    controls: wanted.kind === 'min' ? [] : ids,
  };
}

function checkIds(what: string, expected: string[], actual: string[]): FoundViolation | undefined {
  const [wanted, present] = [new Set(expected), new Set(actual)];
  const different = [...expected.filter(id => !present.has(id)), ...actual.filter(id => !wanted.has(id))];
  if (different.length === 0 && expected.length === actual.length) return undefined;
  return {
    expected: `${what}: exactly ${expected.join(', ')}`,
    actual: actual.join(', ') || 'none',
    controls: different,
  };
}
