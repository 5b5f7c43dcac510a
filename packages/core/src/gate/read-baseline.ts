// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { toMessage } from '../errors/index.ts';
import type { Hdf } from '../outcome/hdf.ts';
import { readResult, readResultFolder } from '../outcome/read-results.ts';
import { stableIdentity } from '../plan/target.ts';
import type { Baseline, BaselineLookup } from './judge.ts';

/** What a baseline that is not there means: a mistake, or that everything bad is new. */
export type MissingBaseline = 'fail' | 'all-new';

export type ReadBaseline = { kind: 'baseline'; lookup: BaselineLookup } | (Baseline & { kind: 'refused' });

/** Earlier results: one file for every target, or the folder of an earlier run with a file for each. */
export function readBaseline(path: string, missing: MissingBaseline): ReadBaseline {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    ? readFolder(path, missing)
    : readFile(path, missing);
}

function readFile(path: string, missing: MissingBaseline): ReadBaseline {
  const given = readResult(path);
  if (given.kind === 'result') {
    const { hdf } = given.outcome;
    return { kind: 'baseline', lookup: () => ({ kind: 'found', hdf }) };
  }
  if (given.isMissing && missing === 'all-new') return { kind: 'baseline', lookup: () => ({ kind: 'none' }) };
  const reason = given.reason === 'hdf-unreadable' ? 'baseline-unreadable' : 'baseline-invalid';
  return { kind: 'refused', reason, problem: given.problem };
}

function readFolder(folder: string, missing: MissingBaseline): ReadBaseline {
  const known = new Map<string, Hdf>();
  try {
    for (const { outcome } of readResultFolder(folder)) {
      const key = keyOf(stableIdentity(outcome.target), outcome.profile.name);
      if (!known.has(key)) known.set(key, outcome.hdf); // of several replicas the first, by file name
    }
  } catch (error) {
    return { kind: 'refused', reason: 'baseline-unreadable', problem: toMessage(error) };
  }
  const lookup: BaselineLookup = (identity, { name }) => {
    const hdf = known.get(keyOf(identity, name));
    if (hdf !== undefined) return { kind: 'found', hdf };
    if (missing === 'all-new') return { kind: 'none' };
    return {
      kind: 'refused',
      reason: 'baseline-unreadable',
      problem: `${folder} has no earlier results of ${identity} under ${name}`,
    };
  };
  return { kind: 'baseline', lookup };
}

const keyOf = (identity: string, profile: string) => JSON.stringify([identity, profile]);
