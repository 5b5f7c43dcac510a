// SPDX-License-Identifier: Apache-2.0
import {
  type AlertState,
  type ComparedFinding,
  compareFindings,
  emptyState,
  type FindingRun,
  type FindingState,
  mostResultBytes,
  type RunPoint,
  readBounded,
  ScanError,
  seedState,
  type Values,
  writeAtomic,
} from '@cinc-scan/core';
import { parseState, renderState } from '../results/state-file.ts';
import type { Consolidation } from '../sources/consolidate.ts';

/** What a state that is not there means: an error, or that every finding is new, or known. */
export type StateMissing = Values['state-missing'];

export interface StateOptions {
  path: string | undefined;
  missing: StateMissing;
  workspace: string;
  at: string;
}

/** What became of every finding, and what has to be kept for the next run. */
export interface Compared {
  rows: ComparedFinding[];
  /** Whether there was something to compare with. */
  isCompared: boolean;
  /** Earlier runs and this one. */
  trend: readonly RunPoint[];
  /** What earlier runs told, and did not get through. */
  alerts: AlertState | undefined;
  /** Again, with what became of messages, once those are sent. */
  save: (alerts?: AlertState) => Promise<void>;
}

export function compareWithState(
  { scope, looks, findings }: Consolidation,
  waived: ReadonlyMap<string, string>,
  { path, missing, workspace, at }: StateOptions,
): Compared {
  const run: FindingRun = { scope, at, looks, findings, waived };
  const before = path === undefined ? emptyState(scope) : readState(path, missing, run);
  const start = missing === 'seed' && before.at === '' ? { ...seedState(run), at: '' } : before;
  const compared = compareFindings(start, run);
  if (compared.kind === 'refused')
    throw new ScanError('BASELINE_INVALID', `${path ?? 'the state'}: ${compared.problem}`);
  // What `save` closes over lives as long as the run, so it must not be the state before.
  const { rows, state } = compared;
  const { alerts } = before;
  return {
    rows,
    isCompared: before.at !== '',
    trend: state.runs,
    alerts,
    save: async (told = alerts) => {
      const written: FindingState = { ...state, alerts: told };
      if (path !== undefined) await writeAtomic(path, renderState(written), workspace);
    },
  };
}

/** A lost state must neither flood nor silence: what it means is the user's to say. */
function readState(path: string, missing: StateMissing, { scope }: FindingRun): FindingState {
  const read = readBounded(path, mostResultBytes);
  if (read.kind === 'unreadable') {
    if (read.isMissing && missing !== 'fail') return emptyState(scope);
    const remedy =
      'Begin with --state-missing seed (record, tell nothing) or all-new, or give the state of the run before.';
    throw new ScanError('BASELINE_INVALID', `${path}: ${read.problem}`, { remedy });
  }
  const parsed = parseState(read.bytes.toString('utf8'));
  if (parsed.kind === 'refused') throw new ScanError('BASELINE_INVALID', `${path} is not a state: ${parsed.problem}`);
  return parsed.state;
}
