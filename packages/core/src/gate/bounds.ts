// SPDX-License-Identifier: Apache-2.0
import { severities, statuses } from '../outcome/control.ts';
import type { Entry, Problem, Threshold } from './threshold.ts';

type Kind = 'percentage' | 'count' | 'ids';
interface Key {
  kind: Kind;
  /** Never: SAF writes the key and does not read it. */
  enforced: 'always' | 'strict';
}

const range = ['min', 'max'] as const;

/** Every path there is. Without `strict`, `S.none.min/max` exists for no_impact only. */
function knownKeys(strict: boolean): Map<string, Key> {
  const keys = new Map<string, Key>();
  for (const end of range) keys.set(`compliance.${end}`, { kind: 'percentage', enforced: 'always' });
  for (const status of statuses) {
    keys.set(`${status}.total`, { kind: 'count', enforced: 'always' });
    for (const end of range)
      keys.set(`${status}.total.${end}`, { kind: 'count', enforced: status === 'no_impact' ? 'strict' : 'always' });
    for (const severity of severities) {
      const odd = severity === 'none' && status !== 'no_impact';
      keys.set(`${status}.${severity}.controls`, { kind: 'ids', enforced: odd ? 'strict' : 'always' });
      if (odd && !strict) continue;
      for (const end of range) keys.set(`${status}.${severity}.${end}`, { kind: 'count', enforced: 'always' });
    }
  }
  return keys;
}

const keysByMode = { strict: knownKeys(true), lax: knownKeys(false) };

const hints: Record<string, string> = {
  'compliance.overall': 'use compliance.min',
  compliance: 'use compliance.min',
  global: 'use compliance.min',
  failure: 'use failed.<severity>.max',
  warning: 'use failed.<severity>.max',
  impact: 'use failed.<severity>.max',
  categories: 'bounds are by status and severity',
  scoring: 'bounds are by status and severity',
  controls: 'use <status>.<severity>.controls',
  exceptions: 'use a waiver file',
  except: 'use a waiver file',
};

/** Checks paths and values; every problem is reported, not only the first. */
export function readBounds(entries: Entry[], strict: boolean): { threshold: Threshold; problems: Problem[] } {
  const keys = strict ? keysByMode.strict : keysByMode.lax;
  const threshold: Threshold = { bounds: new Map(), notEnforced: [] };
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [path, value] of entries) {
    const problem = readBound({ path, value, key: keys.get(path), strict, threshold }) ?? repeated(seen, path);
    if (problem !== undefined) problems.push(problem);
    seen.add(path);
  }
  return { threshold, problems: [...problems, ...contradictions(entries)] };
}

interface Reading {
  path: string;
  value: unknown;
  key: Key | undefined;
  strict: boolean;
  threshold: Threshold;
}

function readBound({ path, value, key, strict, threshold }: Reading): Problem | undefined {
  if (key === undefined) {
    if (isMisCasedList(path) && !strict) {
      threshold.notEnforced.push(path);
      return ids(value, path);
    }
    return value === null || isEmptyMapping(value) ? emptySection(path, strict) : unknown(path, strict);
  }
  const problem = key.kind === 'ids' ? ids(value, path) : bound(value, path, key.kind);
  if (problem !== undefined) return problem;
  const enforced = strict || (key.enforced === 'always' && !(path === 'compliance.max' && value === 0));
  if (!enforced) threshold.notEnforced.push(path);
  else threshold.bounds.set(path, parseBound(value));
  return undefined;
}

/** Checked by `ids` or `bound` before. */
function parseBound(value: unknown): number | string[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return value as number | string[];
}

const isEmptyMapping = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

function isMisCasedList(path: string): boolean {
  const [status, severity, last] = path.split('.');
  return (
    last === 'controls' &&
    path.split('.').length === 3 &&
    statuses.some(known => known === status) &&
    !severities.some(known => known === severity) &&
    severities.some(known => known === severity?.toLowerCase())
  );
}

function repeated(seen: Set<string>, path: string): Problem | undefined {
  return seen.has(path) ? { reason: 'spec-conflict', message: `${path} is given twice` } : undefined;
}

function emptySection(path: string, strict: boolean): Problem {
  const isPrefix = [...(strict ? keysByMode.strict : keysByMode.lax).keys()].some(key => key.startsWith(`${path}.`));
  return isPrefix ? { reason: 'spec-value', message: `${path}: expected bounds, got nothing` } : unknown(path, strict);
}

function unknown(path: string, strict: boolean): Problem {
  const hint = hints[path] ?? hints[path.split('.')[0] ?? ''];
  const advice = hint ?? `did you mean ${nearest(path, strict)}?`;
  return { reason: 'spec-unknown-key', message: `${path} is not a threshold key; ${advice}` };
}

function nearest(path: string, strict: boolean): string {
  const all = [...(strict ? keysByMode.strict : keysByMode.lax).keys()];
  return all.reduce((best, key) => (distance(key, path) < distance(best, path) ? key : best), 'compliance.min');
}

/** Levenshtein distance, letters in any case. */
function distance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase().slice(0, 64)];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function bound(value: unknown, path: string, kind: 'percentage' | 'count'): Problem | undefined {
  const expected = kind === 'percentage' ? 'a number from 0 to 100' : 'a whole number of controls, 0 or more';
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= 0 &&
    (kind === 'percentage' ? value <= 100 : Number.isInteger(value));
  return fits ? undefined : { reason: 'spec-value', message: `${path}: expected ${expected}, got ${show(value)}` };
}

function ids(value: unknown, path: string): Problem | undefined {
  const fits =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(item => typeof item === 'string') &&
    new Set(value).size === value.length;
  return fits
    ? undefined
    : { reason: 'spec-value', message: `${path}: expected a list of distinct control ids, got ${show(value)}` };
}

const show = (value: unknown) => JSON.stringify(value);

function contradictions(entries: Entry[]): Problem[] {
  const values = new Map(entries);
  const problems: Problem[] = [];
  for (const [path, value] of values) {
    const stem = path.replace(/\.min$/, '');
    const max = values.get(`${stem}.max`);
    if (path.endsWith('.min') && typeof value === 'number' && typeof max === 'number' && value > max)
      problems.push({ reason: 'spec-conflict', message: `${stem}: min ${value} is above max ${max}` });
    if (path.endsWith('.total') && (values.has(`${path}.min`) || values.has(`${path}.max`)))
      problems.push({ reason: 'spec-conflict', message: `${path} is given both exactly and as a range` });
  }
  return problems;
}
