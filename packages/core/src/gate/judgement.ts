// SPDX-License-Identifier: Apache-2.0
import { type Compliance, type Counted, type Counts, toCompliance, toCounts } from './count.ts';
import { type Reason, reasons, type Warning } from './reasons.ts';

export interface GateOptions {
  /** Judge the first profile, as SAF does, or each profile's own controls. */
  profiles: 'first' | 'all';
  rounding: 'saf' | 'none';
  /** All profiles, exact percentages, and every warning that can be enforced is. */
  strict: boolean;
  /** Accept results without a control: only for files of tools that list findings alone. */
  allowEmpty: boolean;
  /**
   * What errored controls mean that no bound covers: a scan fails, a gate over files warns, as SAF passes them; a
   * baseline compares them.
   */
  unboundedErrors: 'fail' | 'warn' | 'compared';
  now: Date;
}

export const gateDefaults = (now: Date): GateOptions => ({
  profiles: 'first',
  rounding: 'saf',
  strict: false,
  allowEmpty: false,
  unboundedErrors: 'warn',
  now,
});

/** What `strict` stands for. */
export function effectiveOptions(options: GateOptions): GateOptions {
  return options.strict ? { ...options, profiles: 'all', rounding: 'none' } : options;
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

/** What results were held against, and how they were read: with these the same results give the same judgement. */
export interface JudgedUnder {
  /** With what `strict` stands for. */
  options: GateOptions;
  bounds: Record<string, number | string[]>;
}

export interface Judgement extends JudgedUnder {
  exit: 0 | 2 | 3;
  reason: Reason;
  /** Set with exit 2: why nothing was judged. */
  problem?: string;
  violations: Violation[];
  warnings: Warning[];
  counts: Counts;
  compliance: Compliance;
  /** What each control counted as. */
  controls: Counted[];
}

/** An answer for results that were not judged. */
export function refused(under: JudgedUnder, { reason, problem }: { reason: Reason; problem: string }): Judgement {
  const counts = toCounts([]);
  return {
    ...under,
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
