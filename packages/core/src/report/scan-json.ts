// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Warning } from '../gate/index.ts';
import type { ExitCode } from '../gate/verdict.ts';
import type { Observation } from '../outcome/outcome.ts';
import type { Target } from '../plan/target.ts';
import { toJson } from './json.ts';
import type { ReportModel, Surface, WrittenReport } from './model.ts';
import { totalCompliance, totalCounts } from './tally.ts';
import { type OutcomeView, toViews, waivedRows } from './views.ts';

export const scanSchemaVersion = 1;

/** What is known of a run before it has ended. */
export type RunningModel = Pick<ReportModel, 'tool' | 'cluster' | 'profiles' | 'request'> & {
  run: { id: string; started: string };
};

/** The manifest of a run that has begun: what a killed run leaves behind. */
export function renderRunningScan({ tool, run, cluster, profiles, request }: RunningModel): string {
  const known = {
    tool,
    run,
    request,
    cluster: toCluster(cluster),
    profiles: profiles.map(profile => toProfile(profile)),
  };
  return toJson({ schemaVersion: scanSchemaVersion, state: 'running', ...known });
}

/** The manifest of a run that has ended: docs/schemas/scan.schema.json. */
export function renderScan(model: ReportModel, reports: WrittenReport[] = [], surfaces: Surface[] = []): string {
  const views = toViews(model);
  const { tool, run, request, cluster, engine, grant, profiles, verdict } = model;
  return toJson({
    schemaVersion: scanSchemaVersion,
    state: 'finished',
    tool,
    run,
    request,
    cluster: toCluster(cluster),
    engine: engine ?? null,
    profiles: profiles.map(profile => toProfile(profile)),
    targets: views.map(view => toTarget(view, reports)),
    counts: totalCounts(views),
    compliance: totalCompliance(views),
    waivers: waivedRows(views).map(row => ({
      control: row.id,
      identity: row.target.identity,
      pod: row.target.pod,
      profile: row.profile,
      ...row.waiver,
      owner: row.waiver?.owner ?? null,
      expires: row.waiver?.expires ?? null,
    })),
    grant:
      grant === undefined ? null : { ...grant, expiresAt: grant.expiresAt ?? null, revoked: grant.revoked ?? null },
    gate: toGate(model, views),
    warnings: model.warnings,
    reports,
    surfaces,
    exitCode: verdict.exitCode,
    status: statuses[verdict.exit],
  });
}

const statuses = {
  0: 'passed',
  2: 'usage-error',
  3: 'below-threshold',
  4: 'target-error',
  5: 'engine-error',
  130: 'cancelled',
  143: 'cancelled',
} as const satisfies Record<ExitCode, string>;

const toCluster = ({ alias, server, version }: ReportModel['cluster']) => ({ alias, server, version: version ?? null });

const toProfile = ({ name, version, source, sha256, commit, dependencies }: ReportModel['profiles'][number]) => ({
  name,
  version: version ?? null,
  source,
  sha256,
  commit: commit ?? null,
  dependencies: (dependencies ?? []).map(each => ({ ...each, commit: each.commit ?? null })),
});

function toTarget(view: OutcomeView, reports: WrittenReport[]): Record<string, unknown> {
  const { judged, trouble } = view;
  const { outcome, comparison } = judged;
  return {
    identity: view.identity,
    name: view.name,
    ...toPlace(view.target),
    profile: outcome.profile?.name ?? null,
    outcome: outcome.kind,
    result: view.result,
    error: trouble ?? null,
    observation: toObservation(view.observation),
    counts: view.counts ?? null,
    compliance: view.compliance ?? null,
    reason: judged.judgement?.reason ?? null,
    violations: view.violations,
    warnings: view.warnings,
    baseline:
      comparison === undefined
        ? null
        : {
            reason: comparison.reason,
            new: comparison.new,
            known: comparison.known,
            fixed: comparison.fixed,
            lost: comparison.lost,
            unchanged: comparison.unchanged.length,
          },
    hdf: outcome.kind === 'audited' ? toHdfRecord(outcome.hdfText, reports) : null,
  };
}

function toPlace(target: Target | undefined): Record<string, unknown> {
  if (target === undefined) return { target: null };
  const { cluster, namespace, pod, podUid, container, image, imageDigest, node, owner, restartCount } = target;
  const known = { cluster, namespace, pod, podUid, container, image, restartCount, owner };
  return { target: { ...known, imageDigest: imageDigest ?? null, node: node ?? null } };
}

function toObservation(observation: Observation | undefined): unknown {
  return observation === undefined ? null : { ...observation, leftBehind: observation.leftBehind ?? null };
}

function toHdfRecord(text: string, reports: WrittenReport[]): { path: string | null; sha256: string } {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const written = reports.find(report => report.format === 'hdf' && report.sha256 === sha256);
  return { path: written?.path ?? null, sha256 };
}

function toGate({ verdict }: ReportModel, views: OutcomeView[]): Record<string, unknown> {
  const { source, bounds, strict } = verdict.gate;
  return {
    source,
    bounds,
    strict,
    verdict: verdict.verdict,
    exit: verdict.exit,
    reason: verdict.reason,
    violations: views.flatMap(view => view.violations.map(violation => ({ target: view.name, ...violation }))),
    warnings: mergeWarnings(views),
  };
}

function mergeWarnings(views: OutcomeView[]): Warning[] {
  const byCode = new Map<string, Warning>();
  for (const warning of views.flatMap(view => view.warnings)) {
    const known = byCode.get(warning.code);
    const controls = [...new Set([...(known?.controls ?? []), ...warning.controls])];
    byCode.set(warning.code, { code: warning.code, message: warning.message, controls });
  }
  return [...byCode.values()];
}
