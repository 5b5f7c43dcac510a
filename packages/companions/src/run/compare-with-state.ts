// SPDX-License-Identifier: Apache-2.0
import {
  type AlertState,
  type ComparedFinding,
  compareFindings,
  emptyState,
  type FindingRun,
  type FindingState,
  type RunPoint,
  ScanError,
  seedState,
  type Values,
} from '@cinc-scan/core';
import { parseState, renderState } from '../results/state-file.ts';
import type { Consolidation } from '../sources/consolidate.ts';
import type { Kept, StatePlace } from './state-place.ts';

/** What a state that is not there means: an error, or that every finding is new, or known. */
export type StateMissing = Values['state-missing'];

export interface StateOptions {
  place: StatePlace | undefined;
  missing: StateMissing;
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
  /** `changed`: another run has written the state meanwhile. Once kept, again with what became of messages. */
  save: (alerts?: AlertState) => Promise<Kept>;
}

export async function compareWithState(
  consolidation: Consolidation,
  waived: ReadonlyMap<string, string>,
  { place, missing, at }: StateOptions,
): Promise<Compared> {
  const run = runOf(consolidation, waived, at);
  const before = place === undefined ? emptyState(run.scope) : await readState(place, missing, run);
  const start = missing === 'seed' && before.at === '' ? { ...seedState(run), at: '' } : before;
  const compared = compareFindings(start, run);
  if (compared.kind === 'refused')
    throw new ScanError('BASELINE_INVALID', `${place?.address ?? 'the state'}: ${compared.problem}`);
  // What `save` closes over lives as long as the run, so it must not be the state before.
  const { rows, state } = compared;
  const { alerts } = before;
  return {
    rows,
    isCompared: before.at !== '',
    trend: state.runs,
    alerts,
    save: async (told = alerts) =>
      place === undefined ? 'kept' : await place.write(renderState({ ...state, alerts: told })),
  };
}

/** Where the state cannot be read: nothing is known of earlier runs, and nothing is kept. */
export function compareWithNothing(
  consolidation: Consolidation,
  waived: ReadonlyMap<string, string>,
  at: string,
): Compared {
  const run = runOf(consolidation, waived, at);
  const compared = compareFindings(emptyState(run.scope), run);
  const rows = compared.kind === 'compared' ? compared.rows : [];
  return { rows, isCompared: false, trend: [], alerts: undefined, save: () => Promise.resolve('kept') };
}

const runOf = ({ scope, looks, findings }: Consolidation, waived: FindingRun['waived'], at: string): FindingRun => ({
  scope,
  at,
  looks,
  findings,
  waived,
});

/** A lost state must neither flood nor silence: what it means is the user's to say. */
async function readState(
  place: StatePlace,
  missing: StateMissing,
  { scope, findings }: FindingRun,
): Promise<FindingState> {
  const bytes = await place.read();
  if (bytes === undefined) {
    if (missing !== 'fail') return emptyState(scope);
    const remedy =
      'Begin with --state-missing seed (record, tell nothing) or all-new, or give the state of the run before.';
    throw new ScanError('BASELINE_INVALID', `${place.address}: there is no such state`, { remedy });
  }
  const parsed = parseState(bytes, findings);
  if (parsed.kind === 'refused')
    throw new ScanError('BASELINE_INVALID', `${place.address} is not a state: ${parsed.problem}`);
  return parsed.state;
}
