// SPDX-License-Identifier: Apache-2.0
import { type ControlStatus, severities, statuses } from '../outcome/control.ts';
import { type Compliance, type Counted, type Counts, toCompliance } from './count.ts';
import type { Violation } from './evaluate.ts';
import type { Threshold } from './threshold.ts';

export interface Bounded {
  violations: Violation[];
  /** Compliance bounds that hold only because the percentage was rounded. */
  roundingDecided: string[];
  compliance: Compliance;
}

interface Judged {
  profile: string;
  controls: Counted[];
  counts: Counts;
  threshold: Threshold;
  rounding: 'saf' | 'none';
}

// The order in which SAF looks: it stops at the first violation, so the first of ours must be its.
const totals: readonly ControlStatus[] = ['passed', 'failed', 'skipped', 'no_impact', 'error'];
const ranged: readonly ControlStatus[] = ['passed', 'failed', 'skipped', 'error', 'no_impact'];

export function checkOrder(): string[] {
  const buckets = severities.flatMap(severity => totals.map(status => `${status}.${severity}`));
  return [
    'compliance.min',
    'compliance.max',
    ...totals.map(status => `${status}.total`),
    ...ranged.map(status => `${status}.total.min`),
    ...ranged.map(status => `${status}.total.max`),
    ...buckets.flatMap(bucket => [`${bucket}.min`, `${bucket}.max`]),
    ...buckets.map(bucket => `${bucket}.controls`),
  ];
}

const order = checkOrder();

/** Holds one gated set against every bound. */
export function checkBounds(judged: Judged): Bounded {
  const compliance = toCompliance(judged.counts);
  const found: Bounded = { violations: [], roundingDecided: [], compliance };
  for (const key of order) {
    const bound = judged.threshold.bounds.get(key);
    if (bound === undefined) continue;
    const violation = key.startsWith('compliance.')
      ? checkCompliance(key, Number(bound), judged, found)
      : checkCount(key, bound, judged);
    if (violation !== undefined) found.violations.push({ key, profile: judged.profile, ...violation });
  }
  return found;
}

type Found = Omit<Violation, 'key' | 'profile'>;

// oxlint-disable-next-line max-params
function checkCompliance(key: string, bound: number, judged: Judged, found: Bounded): Found | undefined {
  const { passed, total, rounded, percent } = found.compliance;
  const isMin = key.endsWith('.min');
  // Without division: 100 * passed / total could round either way.
  const exact = isMin
    ? 100 * passed >= bound * total && (total > 0 || bound === 0)
    : 100 * passed <= bound * total || total === 0;
  const asRounded = isMin ? rounded >= bound : rounded <= bound;
  if (judged.rounding === 'saf' && asRounded && !exact) found.roundingDecided.push(key);
  if (judged.rounding === 'saf' ? asRounded : exact) return undefined;
  const against = isMin
    ? judged.controls.filter(control => ['failed', 'error', 'skipped'].includes(control.status))
    : [];
  return {
    expected: `compliance ${isMin ? 'at least' : 'at most'} ${bound} %`,
    actual: percent === null ? 'no control that counts' : `${percent} % (${passed} of ${total})`,
    controls: against.map(control => control.id),
  };
}

function checkCount(key: string, bound: number | string[], { controls, counts }: Judged): Found | undefined {
  const [name, bucket = 'total', kind = 'exact'] = key.split('.');
  const status = statuses.find(known => known === name) ?? 'error';
  const within = controls.filter(
    control => control.status === status && (bucket === 'total' || control.severity === bucket),
  );
  const ids = within.map(control => control.id);
  const what = bucket === 'total' ? status : `${status} of severity ${bucket}`;
  if (typeof bound !== 'number') return checkIds(what, bound, ids);
  const actual = bucket === 'total' ? counts[status].total : within.length;
  if (kind === 'min')
    return actual >= bound ? undefined : { expected: `at least ${bound} ${what}`, actual: `${actual}`, controls: [] };
  if (kind === 'max')
    return actual <= bound ? undefined : { expected: `at most ${bound} ${what}`, actual: `${actual}`, controls: ids };
  return actual === bound ? undefined : { expected: `exactly ${bound} ${what}`, actual: `${actual}`, controls: ids };
}

function checkIds(what: string, expected: string[], actual: string[]): Found | undefined {
  const [wanted, present] = [new Set(expected), new Set(actual)];
  const different = [...expected.filter(id => !present.has(id)), ...actual.filter(id => !wanted.has(id))];
  if (different.length === 0 && expected.length === actual.length) return undefined;
  return {
    expected: `${what}: exactly ${expected.join(', ')}`,
    actual: actual.join(', ') || 'none',
    controls: different,
  };
}
