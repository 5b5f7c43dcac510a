// SPDX-License-Identifier: Apache-2.0
import { type ErrorCode, ScanError } from '../errors/index.ts';
import type { Audited, Hdf, Outcome } from '../outcome/index.ts';
import { type Comparison, compareWithBaseline, uncompared } from './baseline.ts';
import { evaluate } from './evaluate.ts';
import type { GateOptions, Judgement } from './judgement.ts';
import { differentOrigin, originOf, type ResultOrigin } from './origin.ts';
import type { Reason } from './reasons.ts';
import { loadProblem } from './select.ts';
import type { ParsedThreshold, Problem, Threshold } from './spec.ts';
import { type BucketSeverity, strictestThreshold, withFailOn } from './threshold.ts';
import { entryFor, type ThresholdSet, unusedEntries } from './threshold-set.ts';
import { compareExits, type ExitCode, type Judged, type Verdict } from './verdict.ts';

/** What is known of the earlier results of a target. */
export type Baseline =
  | { kind: 'found'; hdf: Hdf; origin: ResultOrigin }
  /** Allowed to be missing: every bad control is new. */
  | { kind: 'none' }
  | { kind: 'refused'; reason: 'baseline-unreadable' | 'baseline-invalid'; problem: string };

/** The earlier results of what was audited now; all replicas of a workload share one. */
export type BaselineLookup = (outcome: Audited) => Baseline;

export interface GateRequest {
  threshold: Threshold | ThresholdSet | undefined;
  /** Where the threshold came from, for reports. */
  source?: string;
  failOn: BucketSeverity | undefined;
  baseline: BaselineLookup | undefined;
  options: GateOptions;
  /** Ends with 0 where the gate, and nothing else, was not met. */
  reportOnly: boolean;
  /** A run without targets is an error unless this is set. */
  allowNoTargets?: boolean;
}

/** What one outcome means for the run. */
export interface Ruling {
  exit: ExitCode;
  reason: Reason | ErrorCode;
  problem: string | undefined;
}

/** Judges every target alone; the worst decides. */
export function judge(outcomes: readonly Outcome[], gate: GateRequest): Verdict {
  return judgeBy(ruling, outcomes, gate);
}

/** The same for result files from wherever: what cannot be judged is a mistake of whoever gave them, not of an engine. */
export function judgeResults(outcomes: readonly Outcome[], gate: GateRequest): Verdict {
  return judgeBy(resultRuling, outcomes, gate);
}

function judgeBy(rule: (judged: Judged) => Ruling, outcomes: readonly Outcome[], gate: GateRequest): Verdict {
  const applied = appliedThresholds(gate);
  const judged = outcomes.map(outcome => judgeOne(outcome, applied));
  const { exit, reason } = worst(judged.map(rule), gate.allowNoTargets === true);
  const { source, strict } = applied;
  return {
    verdict: exit === 0 ? 'pass' : exit === 3 ? 'fail' : 'error',
    reason,
    exit,
    exitCode: gate.reportOnly && exit === 3 ? 0 : exit,
    gate: { source, bounds: Object.fromEntries(applied.fallback.bounds), strict },
    judged,
  };
}

/** Throws THRESHOLD_INVALID where the parts of the gate contradict each other: to be called before anything is made. */
export function checkGate(gate: GateRequest): void {
  appliedThresholds(gate);
}

/** Entries of the threshold that none of the targets needed. */
export function unusedThresholds(
  { threshold }: Pick<GateRequest, 'threshold'>,
  { judged }: Pick<Verdict, 'judged'>,
): string[] {
  if (threshold === undefined || !('entries' in threshold)) return [];
  return unusedEntries(
    threshold,
    judged.map(({ outcome }) => outcome),
  );
}

/** What `checkGate` throws, as a list: where `fail-on` and the threshold say different things. */
export function gateProblems({ threshold, failOn }: Pick<GateRequest, 'threshold' | 'failOn'>): Problem[] {
  if (threshold === undefined || failOn === undefined) return [];
  const parts =
    'entries' in threshold ? [threshold.default, ...threshold.entries.map(each => each.threshold)] : [threshold];
  return parts.flatMap(part => {
    const parsed = withFailOn(part, failOn);
    return parsed.kind === 'refused' ? parsed.problems : [];
  });
}

interface AppliedThresholds {
  source: string;
  strict: boolean;
  fallback: Threshold;
  thresholdFor: (outcome: Audited) => Threshold;
  baseline: BaselineLookup | undefined;
  options: GateOptions;
}

const unbounded: Threshold = { bounds: new Map(), notEnforced: [] };

function appliedThresholds(gate: GateRequest): AppliedThresholds {
  const { threshold, failOn, baseline, options } = gate;
  const isStrictest = threshold === undefined && failOn === undefined && baseline === undefined;
  const given = isStrictest ? strictestThreshold : (threshold ?? unbounded);
  const set: ThresholdSet = 'entries' in given ? given : { default: given, entries: [] };
  const strict = options.strict || isStrictest;
  const complete = (part: Threshold) => completePart(part, failOn, strict);
  const fallback = complete(set.default);
  const parts = new Map(set.entries.map(entry => [entry, complete(entry.threshold)]));
  return {
    source: sourceOf(gate, set),
    strict,
    fallback,
    thresholdFor: ({ target, profile }) => {
      const entry = entryFor(set, target, profile);
      return (entry && parts.get(entry)) ?? fallback;
    },
    baseline,
    // With a baseline an errored control is new, which fails, or was errored before, which the user accepted.
    options: { ...options, strict, unboundedErrors: baseline === undefined ? options.unboundedErrors : 'compared' },
  };
}

function completePart(part: Threshold, failOn: BucketSeverity | undefined, strict: boolean): Threshold {
  const parsed: ParsedThreshold =
    failOn === undefined ? { kind: 'threshold', threshold: part } : withFailOn(part, failOn);
  if (parsed.kind === 'refused')
    throw new ScanError('THRESHOLD_INVALID', parsed.problems.map(problem => problem.message).join('; '));
  const { notEnforced } = parsed.threshold;
  if (strict && notEnforced.length > 0)
    throw new ScanError('THRESHOLD_INVALID', `${notEnforced.join(', ')}: read without strict, so not enforced`);
  return parsed.threshold;
}

function sourceOf({ threshold, source, failOn, baseline }: GateRequest, { entries }: ThresholdSet): string {
  const named = entries.length === 0 ? '' : `, ${entries.length} of its entries for some targets`;
  const parts = [
    threshold === undefined ? undefined : `${source ?? 'threshold'}${named}`,
    failOn === undefined ? undefined : `fail-on: ${failOn}`,
    baseline === undefined ? undefined : 'baseline',
  ].filter(part => part !== undefined);
  return parts.length === 0 ? 'strictest: every control passes or is waived' : parts.join(' and ');
}

function judgeOne(outcome: Outcome, applied: AppliedThresholds): Judged {
  if (outcome.kind === 'unreached') return { outcome, judgement: undefined, comparison: undefined };
  return {
    outcome,
    judgement: evaluate(outcome.hdf, applied.thresholdFor(outcome), applied.options),
    comparison: applied.baseline && compare(outcome, applied.baseline, applied.options),
  };
}

function compare(outcome: Audited, lookUp: BaselineLookup, options: GateOptions): Comparison {
  const baseline = lookUp(outcome);
  if (baseline.kind === 'refused') return uncompared(baseline.reason, baseline.problem);
  if (baseline.kind === 'none') return compareWithBaseline(undefined, outcome.hdf, options);
  const other = differentOrigin(baseline.origin, originOf(outcome));
  if (other !== undefined) return uncompared('baseline-mismatch', other);
  return compareWithBaseline(baseline.hdf, outcome.hdf, options);
}

/** What one judged outcome means for the run: results that cannot be judged are the engine's failure, as it wrote them. */
export function ruling({ outcome, judgement, comparison }: Judged): Ruling {
  if (outcome.kind === 'unreached') {
    const { exit, code, message } = outcome.error;
    return { exit, reason: code, problem: message };
  }
  const unloaded = outcome.hdf.profiles.find(profile => profile.status !== 'loaded');
  if (unloaded !== undefined) return { exit: 5, reason: 'PROFILE_NOT_LOADED', problem: loadProblem(unloaded) };
  return [judgement, comparison].map(toRuling).reduce(worse);
}

/** What one judged result file means, whatever its engine was. */
export function resultRuling(judged: Judged): Ruling {
  const { outcome, judgement, comparison } = judged;
  if (outcome.kind === 'unreached') return ruling(judged);
  return [judgement, comparison].map(toAnswer).reduce(worse);
}

const engineFaults: ReadonlyMap<Reason, ErrorCode> = new Map<Reason, ErrorCode>([
  ['nothing-checked', 'NOTHING_CHECKED'],
  ['profile-not-loaded', 'PROFILE_NOT_LOADED'],
  ['hdf-ambiguous', 'ENGINE_FAILED'],
  ['hdf-invalid', 'ENGINE_FAILED'],
  ['hdf-unreadable', 'ENGINE_FAILED'],
]);

function toRuling(answer: Judgement | Comparison | undefined): Ruling {
  const fault = answer && engineFaults.get(answer.reason);
  return fault === undefined ? toAnswer(answer) : { exit: 5, reason: fault, problem: answer?.problem };
}

function toAnswer(answer: Judgement | Comparison | undefined): Ruling {
  if (answer === undefined) return { exit: 0, reason: 'pass', problem: undefined };
  return { exit: answer.exit, reason: answer.reason, problem: answer.problem };
}

export const worse = (one: Ruling, other: Ruling) => (compareExits(other.exit, one.exit) > 0 ? other : one);

function worst(rulings: Ruling[], allowNone: boolean): Ruling {
  if (rulings.length === 0 && !allowNone) return { exit: 2, reason: 'NO_TARGETS', problem: undefined };
  return rulings.reduce(worse, { exit: 0, reason: 'pass', problem: undefined });
}
