// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Comparison, JudgedAudit, Judgement, Unjudged } from '../../gate/index.ts';
import { isFileTarget } from '../../outcome/index.ts';
import type { WrittenReport } from '../model.ts';
import type { OutcomeView } from '../views.ts';
import type { AuditedTarget, ScanTarget, UnreachedTarget } from './schema.ts';
import {
  toCounted,
  toMissing,
  toObservation,
  toOptions,
  toPlace,
  toProfile,
  toViolation,
  toWarning,
} from './write-parts.ts';

export function toTarget(view: OutcomeView, reports: WrittenReport[]): ScanTarget {
  const { judged } = view;
  return judged.judgement === undefined ? toUnreached(view, judged) : toAudited(view, judged, reports);
}

const toNamed = ({ identity, name, judged: { outcome } }: OutcomeView) => ({
  identity,
  name,
  profile: outcome.profile?.name ?? null,
});

function toUnreached(view: OutcomeView, { outcome }: Unjudged): UnreachedTarget {
  const { target, profile, observation, error } = outcome;
  return {
    ...toNamed(view),
    target: 'pod' in target ? toPlace(target) : toMissing(target),
    profileRef: profile === undefined ? null : toProfile(profile),
    outcome: 'unreached',
    result: 'error',
    error: { code: error.code, message: error.message, hint: error.remedy },
    observation: observation === undefined ? null : toObservation(observation),
    counts: null,
    compliance: null,
    judgement: null,
    comparison: null,
    hdf: null,
  };
}

function toAudited(
  view: OutcomeView,
  { outcome, judgement, comparison }: JudgedAudit,
  reports: WrittenReport[],
): AuditedTarget {
  const known = {
    ...toNamed(view),
    target: toPlace(outcome.target),
    profileRef: toProfile(outcome.profile),
    outcome: 'audited' as const,
  };
  const found = {
    observation: isFileTarget(outcome.target) ? null : toObservation(outcome.observation),
    judgement: toJudgement(judgement),
    comparison: comparison === undefined ? null : toComparison(comparison),
    hdf: toHdfRecord(outcome.hdfText, reports),
  };
  const { trouble, result } = view;
  const { counts, compliance } = judgement;
  if (trouble === undefined)
    return { ...known, result: result === 'pass' ? 'pass' : 'fail', error: null, counts, compliance, ...found };
  const { code, message, hint } = trouble;
  return { ...known, result: 'error', error: { code, message, hint }, counts: null, compliance: null, ...found };
}

/** Counts and compliance follow from the controls, and stand beside it. */
function toJudgement(judgement: Judgement): AuditedTarget['judgement'] {
  const { exit, reason, problem, options, bounds, violations, warnings, controls } = judgement;
  return {
    exit,
    reason,
    problem: problem ?? null,
    options: toOptions(options),
    bounds,
    violations: violations.map(each => toViolation(each)),
    warnings: warnings.map(each => toWarning(each)),
    controls: controls.map(each => toCounted(each)),
  };
}

function toComparison(found: Comparison): AuditedTarget['comparison'] {
  const { exit, reason, problem, known, fixed, lost, unchanged, warnings } = found;
  return {
    exit,
    reason,
    problem: problem ?? null,
    new: found.new,
    known,
    fixed,
    lost,
    unchanged,
    warnings: warnings.map(each => toWarning(each)),
  };
}

function toHdfRecord(text: string, reports: WrittenReport[]): AuditedTarget['hdf'] {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const written = reports.find(report => report.format === 'hdf' && report.sha256 === sha256);
  return { path: written?.path ?? null, sha256 };
}
