// SPDX-License-Identifier: Apache-2.0
import type { ExitCode, Warning } from '../../gate/index.ts';
import { toJson } from '../json.ts';
import type { ReportModel, Surface, WrittenReport } from '../model.ts';
import { totalCompliance, totalCounts } from '../tally.ts';
import { type OutcomeView, toViews, waivedRows } from '../views.ts';
import { type FinishedScan, type RunningScan, scanSchemaVersion } from './schema.ts';
import {
  toCluster,
  toEngine,
  toGrant,
  toJail,
  toPassedOver,
  toProfile,
  toReport,
  toRun,
  toSurface,
  toTool,
  toViolation,
} from './write-parts.ts';
import { toTarget } from './write-target.ts';

/** What is known of a run before it has ended. */
export type RunningModel = Pick<ReportModel, 'tool' | 'cluster' | 'profiles' | 'request'> & {
  run: { id: string; started: string };
};

/** The manifest of a run that has begun: what a killed run leaves behind. */
export function renderRunningScan({ tool, run, cluster, profiles, request }: RunningModel): string {
  return toJson({
    schemaVersion: scanSchemaVersion,
    state: 'running',
    tool: toTool(tool),
    run: { id: run.id, started: run.started },
    request,
    cluster: toCluster(cluster),
    profiles: profiles.map(profile => toProfile(profile)),
  } satisfies Unnamed<RunningScan>);
}

/** The manifest of a run that has ended: docs/schemas/scan.schema.json. */
export function renderScan(model: ReportModel, reports: WrittenReport[] = [], surfaces: Surface[] = []): string {
  return toJson(toScan(model, reports, surfaces));
}

/** The name of the tool is a constant of the schema, and a text of the model. */
type Unnamed<T extends { tool: object }> = Omit<T, 'tool'> & { tool: ReportModel['tool'] };

function toScan(model: ReportModel, reports: WrittenReport[], surfaces: Surface[]): Unnamed<FinishedScan> {
  const views = toViews(model);
  const { tool, run, request, cluster, engine, jail, profiles, verdict } = model;
  return {
    schemaVersion: scanSchemaVersion,
    state: 'finished',
    tool: toTool(tool),
    run: toRun(run),
    request,
    cluster: toCluster(cluster),
    engine: toEngine(engine),
    jail: toJail(jail),
    profiles: profiles.map(profile => toProfile(profile)),
    targets: views.map(view => toTarget(view, reports)),
    passedOver: model.passedOver.map(each => toPassedOver(each)),
    counts: totalCounts(views),
    compliance: totalCompliance(views),
    waivers: toWaivers(views),
    grant: toGrant(model.grant),
    gate: toGate(model, views),
    warnings: model.warnings,
    reports: reports.map(each => toReport(each)),
    surfaces: surfaces.map(each => toSurface(each)),
    exitCode: verdict.exitCode,
    status: statuses[verdict.exit],
  };
}

const statuses = {
  0: 'passed',
  2: 'usage-error',
  3: 'below-threshold',
  4: 'target-error',
  5: 'engine-error',
  129: 'cancelled',
  130: 'cancelled',
  143: 'cancelled',
} as const satisfies Record<ExitCode, string>;

function toWaivers(views: OutcomeView[]): FinishedScan['waivers'] {
  return waivedRows(views).flatMap(({ id, target, profile, waiver }) =>
    waiver === undefined
      ? []
      : [
          {
            control: id,
            identity: target.identity,
            pod: target.pod,
            profile,
            state: waiver.state,
            reason: waiver.reason,
            owner: waiver.owner ?? null,
            expires: waiver.expires ?? null,
          },
        ],
  );
}

function toGate({ verdict }: ReportModel, views: OutcomeView[]): FinishedScan['gate'] {
  const { source, bounds, strict, isUnasked } = verdict.gate;
  return {
    source,
    bounds,
    strict,
    unasked: isUnasked === true,
    verdict: verdict.verdict,
    exit: verdict.exit,
    reason: verdict.reason,
    violations: views.flatMap(view =>
      view.violations.map(violation => ({ target: view.name, ...toViolation(violation) })),
    ),
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
