// SPDX-License-Identifier: Apache-2.0
import { absence, isRenumbered } from './doubt.ts';
import type { Finding } from './finding.ts';
import type { Look } from './look.ts';
import { nextState } from './next-state.ts';
import type { ComparedFinding, FindingRun } from './run.ts';
import { emptyState, type FindingState, isLaterThan, type StateEntry } from './state.ts';

export type Compared =
  | { kind: 'compared'; rows: ComparedFinding[]; state: FindingState }
  | { kind: 'refused'; problem: string };

/**
 * What is new, known, returned, fixed, waived or unsure. A finding is fixed only if everybody who reported it looked again at the
 * same target, in the same way and at this very rule; whatever else is missing is unsure. Pure.
 */
export function compareFindings(state: FindingState, run: FindingRun): Compared {
  if (state.scope !== run.scope)
    return refuse(`the state is of scope "${state.scope}", and the run is of scope "${run.scope}"`);
  if (state.at !== '' && !isLaterThan(run.at, state.at))
    return refuse(
      `the state is of ${state.at}, and the run is of ${run.at}: an older run says nothing about a newer state`,
    );
  const rows = rowsOf(state, run);
  return { kind: 'compared', rows, state: nextState(state, run, rows) };
}

/** Records what there is and tells nothing: for the first run of a scope that has findings already. */
export function seedState(run: FindingRun): FindingState {
  const empty = emptyState(run.scope);
  return { ...nextState(empty, run, rowsOf(empty, run)), runs: [] };
}

const refuse = (problem: string): Compared => ({ kind: 'refused', problem });

function rowsOf(state: FindingState, run: FindingRun): ComparedFinding[] {
  const looks = new Map(run.looks.map(look => [look.source, look]));
  const present = new Set(run.findings.map(({ fingerprint }) => fingerprint));
  const here = run.findings.map(finding => toPresent(finding, state, run));
  const gone = Object.entries(state.entries).flatMap(([fingerprint, entry]) =>
    present.has(fingerprint) || entry.status === 'fixed' ? [] : [toMissing(entry, looks)],
  );
  return [...here, ...gone];
}

function toPresent(finding: Finding, state: FindingState, run: FindingRun): ComparedFinding {
  const entry = state.entries[finding.fingerprint];
  const firstSeen = entry?.firstSeen ?? run.at;
  const waiver = run.waived.get(finding.fingerprint);
  if (waiver !== undefined)
    return { finding, status: 'waived', because: waiver, firstSeen, isTold: entry !== undefined };
  if (entry !== undefined) {
    const status = entry.status === 'fixed' ? 'returned' : 'known';
    return { finding, status, because: '', firstSeen, isTold: status === 'known' };
  }
  const renumbered = isRenumbered(finding, state, run.looks);
  if (renumbered === undefined) return { finding, status: 'new', because: '', firstSeen, isTold: false };
  return { finding, status: 'unsure', because: renumbered, firstSeen, isTold: false };
}

function toMissing(entry: StateEntry, looks: ReadonlyMap<string, Look>): ComparedFinding {
  const { finding, firstSeen } = entry;
  const doubts = Object.entries(entry.seenBy).flatMap(([source, seen]) => {
    const doubt = absence({ finding, source, seen }, looks.get(source));
    return doubt === undefined ? [] : [doubt];
  });
  const because = doubts[0];
  if (because === undefined) return { finding, status: 'fixed', because: '', firstSeen, isTold: false };
  return { finding, status: 'unsure', because, firstSeen, isTold: entry.status === 'unsure' };
}
