// SPDX-License-Identifier: Apache-2.0
import { severities, statuses } from '../outcome/index.ts';
import { adviceFor, type Key, knownKeys } from './keys.ts';
import type { Problem, Threshold, ThresholdField } from './spec.ts';

// Finding the nearest key costs; beyond this many unknown ones nobody reads the advice.
const advised = 20;

/** Checks paths and values; every problem is reported, not only the first. */
export function readBounds(entries: ThresholdField[], strict: boolean): { threshold: Threshold; problems: Problem[] } {
  const threshold: Threshold = { bounds: new Map(), notEnforced: [] };
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [path, value] of entries) {
    if (seen.has(path)) problems.push({ reason: 'spec-conflict', message: `${shown(path)} is given twice` });
    seen.add(path);
    const read = readBound([path, value], strict, problems.length < advised);
    if (read.kind === 'enforced') threshold.bounds.set(path, read.bound);
    else if (read.kind === 'not-enforced') threshold.notEnforced.push(path);
    else problems.push(read);
  }
  return { threshold, problems: [...problems, ...contradictions(entries)] };
}

type ReadBound =
  | { kind: 'enforced'; bound: number | string[] }
  | { kind: 'not-enforced' }
  | (Problem & { kind: 'problem' });

function readBound([path, value]: ThresholdField, strict: boolean, advise: boolean): ReadBound {
  const key = knownKeys(strict).get(path);
  if (key === undefined) return readUnknown([path, value], strict, advise);
  const bound = parseBound(value, key.kind);
  if (bound === undefined) return valueProblem(path, `expected ${expectations[key.kind]}, got ${describe(value)}`);
  return strict || isEnforced(path, key, bound) ? { kind: 'enforced', bound } : { kind: 'not-enforced' };
}

const valueProblem = (path: string, message: string): ReadBound => ({
  kind: 'problem',
  reason: 'spec-value',
  message: `${shown(path)}: ${message}`,
});

const isEnforced = (path: string, { enforced }: Key, bound: number | string[]) =>
  enforced === 'always' && !(path === 'compliance.max' && bound === 0);

function readUnknown([path, value]: ThresholdField, strict: boolean, advise: boolean): ReadBound {
  if (!strict && isMisCasedList(path))
    return parseBound(value, 'ids') === undefined
      ? valueProblem(path, `expected ${expectations.ids}`)
      : { kind: 'not-enforced' };
  if (isNothing(value) && [...knownKeys(strict).keys()].some(key => key.startsWith(`${path}.`)))
    return valueProblem(path, 'expected bounds, got nothing');
  const advice = advise ? `; ${adviceFor(path, strict)}` : '';
  return { kind: 'problem', reason: 'spec-unknown-key', message: `${shown(path)} is not a threshold key${advice}` };
}

const isNothing = (value: unknown) =>
  value === null || (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0);

/** `failed.High.controls`, as `saf generate threshold` writes it for a mis-cased severity tag. */
function isMisCasedList(path: string): boolean {
  const [status, severity = '', last, ...rest] = path.split('.');
  const isWord = severities.some(known => known === severity.toLowerCase());
  const isLower = severity === severity.toLowerCase();
  return last === 'controls' && rest.length === 0 && statuses.some(known => known === status) && isWord && !isLower;
}

const expectations: Record<Key['kind'], string> = {
  percentage: 'a number from 0 to 100',
  count: 'a whole number of controls, 0 or more',
  ids: 'a list of distinct control ids',
};

function parseBound(value: unknown, kind: Key['kind']): number | string[] | undefined {
  if (kind === 'ids') return isIds(value) ? value : undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined;
  const fits = kind === 'percentage' ? value <= 100 : Number.isSafeInteger(value);
  return fits ? value : undefined;
}

function isIds(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(item => typeof item === 'string') &&
    new Set(value).size === value.length
  );
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shown(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'a mapping' : String(value);
}

/** Cut: a hostile file must not fill the log. */
const shown = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

function contradictions(entries: ThresholdField[]): Problem[] {
  const values = new Map(entries);
  return [...values].flatMap(([path, value]): Problem[] => {
    if (path.endsWith('.total') && (values.has(`${path}.min`) || values.has(`${path}.max`)))
      return [{ reason: 'spec-conflict', message: `${shown(path)} is given both exactly and as a range` }];
    const stem = path.replace(/\.min$/, '');
    const max = values.get(`${stem}.max`);
    const isCrossed = stem !== path && typeof value === 'number' && typeof max === 'number' && value > max;
    return isCrossed ? [{ reason: 'spec-conflict', message: `${shown(stem)}: min ${value} is above max ${max}` }] : [];
  });
}
