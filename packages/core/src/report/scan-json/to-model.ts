// SPDX-License-Identifier: Apache-2.0
// The way back: a run as its manifest tells it. Nothing is judged or counted here.
import { ScanError } from '../../errors/index.ts';
import { type Comparison, type Judged, type Judgement, toCompliance, toCounts } from '../../gate/index.ts';
import { type Audited, type ProfileRef, toResult } from '../../outcome/index.ts';
import type { Target } from '../../plan/index.ts';
import type { GrantRecord, ReportModel } from '../model.ts';
import type { AuditedTarget, FinishedScan, ScanTarget, UnreachedTarget } from './schema.ts';

/** The texts of result files by their SHA-256. */
export type ResultTexts = ReadonlyMap<string, string>;

/** The model that the manifest was made of. A target whose result file is not there is not shown as audited. */
export function toStoredModel(scan: FinishedScan, results: ResultTexts): ReportModel {
  const { tool, run, cluster, engine, jail, grant, profiles, passedOver, warnings, request, gate, exitCode } = scan;
  const { source, bounds, strict, unasked } = gate;
  return {
    tool,
    run,
    cluster: { ...cluster, version: cluster.version ?? undefined },
    engine: engine ?? undefined,
    jail: jail ?? undefined,
    grant: grant === null ? undefined : toGrant(grant),
    profiles: profiles.map(profile => toProfile(profile)),
    passedOver,
    verdict: {
      verdict: gate.verdict,
      reason: gate.reason,
      exit: gate.exit,
      exitCode,
      gate: { source, bounds, strict, ...(unasked && { isUnasked: true as const }) },
      judged: scan.targets.map(target => toJudged(target, results)),
    },
    warnings,
    request,
  };
}

const toGrant = (grant: NonNullable<FinishedScan['grant']>): GrantRecord => ({
  ...grant,
  expiresAt: grant.expiresAt ?? undefined,
  revoked: grant.revoked ?? undefined,
});

const toProfile = (profile: FinishedScan['profiles'][number]): ProfileRef => ({
  ...profile,
  version: profile.version ?? undefined,
  commit: profile.commit ?? undefined,
  dependencies: profile.dependencies.map(each => ({ ...each, commit: each.commit ?? undefined })),
});

function toJudged(target: ScanTarget, results: ResultTexts): Judged {
  if (target.outcome === 'unreached') return unjudged(target, toError(target));
  const text = results.get(target.hdf.sha256);
  if (text === undefined)
    return unjudged(target, new ScanError('RESULT_INVALID', 'The result file of this target is not in the folder'));
  return {
    outcome: toAudited(target, text),
    judgement: toJudgement(target.judgement),
    comparison: target.comparison === null ? undefined : toComparison(target.comparison),
  };
}

const toError = ({ error: { code, message, hint } }: UnreachedTarget) => new ScanError(code, message, { remedy: hint });

function unjudged({ target, profileRef, observation }: ScanTarget, error: ScanError): Judged {
  const outcome = {
    kind: 'unreached' as const,
    target: 'pod' in target ? toPlace(target) : target,
    profile: profileRef === null ? undefined : toProfile(profileRef),
    observation: observation === null ? undefined : toObservation(observation),
    error,
  };
  return { outcome, judgement: undefined, comparison: undefined };
}

function toAudited({ name, target, profileRef, observation }: AuditedTarget, text: string): Audited {
  const read = toResult({ name, text });
  if (read.kind === 'refused')
    throw new ScanError('RUN_INVALID', `The result file of ${name} cannot be read: ${read.problem}`);
  return {
    ...read.outcome,
    target: toPlace(target),
    profile: toProfile(profileRef),
    ...(observation !== null && { observation: toObservation(observation) }),
  };
}

/** Labels and annotations are not kept: no report shows them. */
const toPlace = ({ sidecar, ...target }: AuditedTarget['target']): Target => ({
  ...target,
  imageDigest: target.imageDigest ?? undefined,
  node: target.node ?? undefined,
  labels: {},
  annotations: {},
  ...(sidecar !== null && { sidecar }),
});

const toObservation = (observation: NonNullable<ScanTarget['observation']>) => ({
  ...observation,
  leftBehind: observation.leftBehind ?? undefined,
});

function toJudgement({ problem, options, ...judgement }: AuditedTarget['judgement']): Judgement {
  const counts = toCounts(judgement.controls);
  return {
    ...judgement,
    ...(problem !== null && { problem }),
    options: { ...options, now: new Date(options.now) },
    counts,
    compliance: toCompliance(counts),
  };
}

const toComparison = ({ problem, ...rest }: NonNullable<AuditedTarget['comparison']>): Comparison => ({
  ...rest,
  ...(problem !== null && { problem }),
});
