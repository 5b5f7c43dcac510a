// SPDX-License-Identifier: Apache-2.0
import type { Reading } from '../outcome/control.ts';
import { type GatedSet, selectGated } from '../outcome/gated.ts';
import type { Hdf } from '../outcome/hdf.ts';
import { type Bounded, checkBounds } from './check.ts';
import { addCounts, type Compliance, type Counted, type Counts, countSet, toCompliance, toCounts } from './count.ts';
import { type Reason, reasons, type Warning } from './reasons.ts';
import type { Threshold } from './threshold.ts';
import { findWarnings } from './warnings.ts';

export interface GateOptions {
  /** Judge the first profile, as SAF does, or each profile's own controls. */
  profiles: 'first' | 'all';
  rounding: 'saf' | 'none';
  /** All profiles, exact percentages, and every warning that can be enforced is. */
  strict: boolean;
  /** Accept results without a control: only for files of tools that list findings alone. */
  allowEmpty: boolean;
  now: Date;
}

/** A bound that was not met. */
export interface Violation {
  key: string;
  profile: string;
  expected: string;
  actual: string;
  /** The controls that make it so; empty for a percentage or a missing number of controls. */
  controls: string[];
}

export interface Judgement {
  exit: 0 | 2 | 3;
  reason: Reason;
  /** Set with exit 2: why nothing was judged. */
  problem?: string;
  violations: Violation[];
  warnings: Warning[];
  counts: Counts;
  compliance: Compliance;
  controls: Counted[];
}

export const gateDefaults = (now: Date): GateOptions => ({
  profiles: 'first',
  rounding: 'saf',
  strict: false,
  allowEmpty: false,
  now,
});

/** Judges one result file against one threshold. Pure. */
export function evaluate(hdf: Hdf, threshold: Threshold, options: GateOptions): Judgement {
  const effective: GateOptions = options.strict ? { ...options, profiles: 'all', rounding: 'none' } : options;
  const selection = selectGated(hdf, effective.profiles);
  if (selection.kind === 'ambiguous') return refused('hdf-ambiguous', selection.problem);
  const broken = hdf.profiles.find(profile => notLoaded(profile.status));
  if (effective.strict && broken !== undefined)
    return refused(
      'profile-not-loaded',
      `profile "${broken.name}" is ${broken.status}: ${broken.status_message ?? broken.skip_message ?? ''}`,
    );
  const unchecked = nothingChecked(selection.sets, effective.allowEmpty);
  if (unchecked !== undefined) return refused('nothing-checked', unchecked);
  const reading: Reading = { strict: effective.strict, now: effective.now };
  const sets = selection.sets.map(set => ({ set, ...countAll(set, reading) }));
  const bounded = sets.map(({ set, controls, counts }) =>
    checkBounds({ profile: set.profile.name, controls, counts, threshold, rounding: effective.rounding }),
  );
  const warnings = findWarnings({ hdf, threshold, options: effective, ...selection, bounded });
  return conclude(
    sets.flatMap(each => each.controls),
    addCounts(sets.map(each => each.counts)),
    bounded,
    warnings,
  );
}

export const notLoaded = (status: string | null | undefined) => status === 'failed' || status === 'skipped';

function countAll(set: GatedSet, reading: Reading): { controls: Counted[]; counts: Counts } {
  const controls = countSet(set, reading);
  return { controls, counts: toCounts(controls) };
}

function nothingChecked(sets: GatedSet[], allowEmpty: boolean): string | undefined {
  if (sets.length === 0) return 'the results hold no profile';
  for (const { profile, isRoot, controls } of sets) {
    if (controls.length === 0 && isRoot && !allowEmpty)
      return `profile "${profile.name}" has no controls${profile.status ? ` (status: ${profile.status})` : ''}`;
    if (controls.length > 0 && controls.every(control => control.base.results.length === 0))
      return `no control of profile "${profile.name}" has a result`;
  }
  return undefined;
}

/** An answer for results that were not judged. */
export function refused(reason: Reason, problem: string): Judgement {
  const counts = toCounts([]);
  return {
    exit: reasons[reason],
    reason,
    problem,
    violations: [],
    warnings: [],
    counts,
    compliance: toCompliance(counts),
    controls: [],
  };
}

// Four nouns of one judgement; a record of them would be built and taken apart within three lines.
// oxlint-disable-next-line max-params
function conclude(controls: Counted[], counts: Counts, bounded: Bounded[], warnings: Warning[]): Judgement {
  const violations = bounded.flatMap(set => set.violations);
  const reason: Reason = violations.length > 0 ? 'below-threshold' : 'pass';
  return { exit: reasons[reason], reason, violations, warnings, counts, compliance: toCompliance(counts), controls };
}
