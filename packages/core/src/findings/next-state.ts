// SPDX-License-Identifier: Apache-2.0
import { isNew, severityCounts } from './counts.ts';
import type { Coverage, Look } from './look.ts';
import type { ComparedFinding, FindingRun } from './run.ts';
import type { RunPoint } from './schema.ts';
import type { FindingState, StateEntry } from './state.ts';

export function nextState(state: FindingState, run: FindingRun, rows: readonly ComparedFinding[]): FindingState {
  const looks = new Map(run.looks.map(look => [look.source, look]));
  // One for each source, and not one for each finding of it.
  const coverages = new Map(run.looks.map(look => [look.source, coverage(look)]));
  const present = new Set(run.findings.map(({ fingerprint }) => fingerprint));
  const entries = { ...state.entries };
  for (const row of rows) {
    const { fingerprint } = row.finding;
    const earlier = state.entries[fingerprint];
    entries[fingerprint] = present.has(fingerprint)
      ? toSeen(row, earlier, { at: run.at, looks, coverages })
      : toUnseen(row, earlier, run.at);
  }
  return {
    version: 1,
    scope: state.scope,
    at: run.at,
    looks: { ...state.looks, ...completeLooks(run.looks) },
    entries,
    runs: [...state.runs, pointOf(run, rows)].slice(-mostRuns),
    ...(state.alerts === undefined ? {} : { alerts: state.alerts }),
  };
}

const mostRuns = 100;

/** A run in numbers. */
function pointOf({ at, looks }: FindingRun, rows: readonly ComparedFinding[]): RunPoint {
  return {
    at,
    open: severityCounts(rows),
    new: rows.filter(isNew).length,
    fixed: rows.filter(({ status }) => status === 'fixed').length,
    notLooked: looks.filter(({ kind }) => kind === 'not-looked').length,
  };
}

const coverage = ({ target, scope, ruleset }: Coverage): Coverage => ({ target, scope, ruleset });

function completeLooks(looks: readonly Look[]): Record<string, Coverage> {
  return Object.fromEntries(looks.filter(({ kind }) => kind === 'looked').map(look => [look.source, coverage(look)]));
}

interface Now {
  at: string;
  looks: ReadonlyMap<string, Look>;
  coverages: ReadonlyMap<string, Coverage>;
}

function toSeen(
  { finding, firstSeen }: ComparedFinding,
  earlier: StateEntry | undefined,
  { at, looks, coverages }: Now,
): StateEntry {
  const reporters = finding.reportedBy.flatMap(({ source }) => {
    const seen = coverages.get(source);
    return seen === undefined ? [] : [[source, seen] as const];
  });
  // Who saw it before and could not look now may still see it.
  const others = Object.entries(earlier?.seenBy ?? {}).filter(([source]) => looks.get(source)?.kind !== 'looked');
  const seenBy = Object.fromEntries([...others, ...reporters]);
  return { finding, status: 'open', firstSeen, lastSeen: at, seenBy };
}

function toUnseen(
  { finding, status, firstSeen }: ComparedFinding,
  earlier: StateEntry | undefined,
  at: string,
): StateEntry {
  const { seenBy = {}, lastSeen = at } = earlier ?? {};
  return { finding, status: status === 'fixed' ? 'fixed' : 'unsure', firstSeen, lastSeen, seenBy };
}
