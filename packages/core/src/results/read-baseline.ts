// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { toMessage } from '../errors/index.ts';
import { type Baseline, type BaselineLookup, originOf } from '../gate/index.ts';
import type { Audited, GivenResult, Result } from '../outcome/index.ts';
import { stableIdentity } from '../plan/index.ts';
import { readResult, readResultFolder } from './read-results.ts';

/** What a baseline that is not there means: a mistake, or that everything bad is new. */
export type MissingBaseline = 'fail' | 'all-new';

/** Earlier results as they were given: one for every target, or those of an earlier run with one for each. */
export type GivenBaseline =
  | { kind: 'file'; given: GivenResult }
  | { kind: 'folder'; name: string; results: (Result & { name: string })[] }
  | { kind: 'refused'; problem: string };

export type ReadBaseline = { kind: 'baseline'; lookup: BaselineLookup } | (Baseline & { kind: 'refused' });

/** Opens a baseline that was named: a file, or the folder of an earlier run. */
export function openBaseline(path: string): GivenBaseline {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    return { kind: 'file', given: readResult(path) };
  try {
    return { kind: 'folder', name: path, results: readResultFolder(path) };
  } catch (error) {
    return { kind: 'refused', problem: toMessage(error) };
  }
}

/** What to compare each target with. */
export function toBaseline(given: GivenBaseline, missing: MissingBaseline): ReadBaseline {
  switch (given.kind) {
    case 'file':
      return ofFile(given.given, missing);
    case 'folder':
      return { kind: 'baseline', lookup: ofFolder(given, missing) };
    case 'refused':
      return { kind: 'refused', reason: 'baseline-unreadable', problem: given.problem };
  }
}

function ofFile(given: GivenResult, missing: MissingBaseline): ReadBaseline {
  if (given.kind === 'result') {
    const found = toFound(given.outcome);
    return { kind: 'baseline', lookup: () => found };
  }
  if (given.isMissing && missing === 'all-new') return { kind: 'baseline', lookup: () => ({ kind: 'none' }) };
  const reason = given.reason === 'hdf-unreadable' ? 'baseline-unreadable' : 'baseline-invalid';
  return { kind: 'refused', reason, problem: given.problem };
}

function ofFolder(
  { name, results }: Extract<GivenBaseline, { kind: 'folder' }>,
  missing: MissingBaseline,
): BaselineLookup {
  const known = new Map<string, Audited>();
  for (const { outcome } of results) {
    const key = keyOf(outcome);
    if (!known.has(key)) known.set(key, outcome); // of several replicas the first, by file name
  }
  return now => {
    const earlier = known.get(keyOf(now));
    if (earlier !== undefined) return toFound(earlier);
    if (missing === 'all-new') return { kind: 'none' };
    return {
      kind: 'refused',
      reason: 'baseline-unreadable',
      problem: `${name} has no earlier results of ${stableIdentity(now.target)} under ${now.profile.name}`,
    };
  };
}

const keyOf = ({ target, profile }: Audited) => JSON.stringify([stableIdentity(target), profile.name]);

const toFound = (earlier: Audited): Baseline => ({ kind: 'found', hdf: earlier.hdf, origin: originOf(earlier) });
