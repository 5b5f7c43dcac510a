// SPDX-License-Identifier: Apache-2.0
import type { FindingSeverity, FindingStatus } from '../findings/index.ts';
import type { Counts, ExitCode, Verdict } from '../gate/index.ts';
import { toJson } from './json.ts';
import type { ReportModel, WrittenReport } from './model.ts';
import { totalCompliance, totalCounts } from './tally.ts';
import { toViews } from './views.ts';

/** One target of `targets-json`. */
interface TargetOutput {
  name: string;
  identity: string;
  profile: string;
  outcome: 'audited' | 'unreached';
  result: 'pass' | 'fail' | 'error';
  compliance: number | null;
  error: string | null;
}

/** One source of `sources-json`. */
interface SourceOutput {
  id: string;
  tool: string;
  target: string;
  outcome: 'looked' | 'not-looked';
  findings: number;
  error: string | null;
}

/** What a consolidation found, by status and, of what is open, by severity. */
interface FindingsOutput {
  status: Record<FindingStatus, number>;
  severity: Record<FindingSeverity, number>;
}

/** What a CI system gets to decide on; `report-<kind>` are the paths of the reports written. */
export interface Outputs {
  verdict: Verdict['verdict'];
  reason: Verdict['reason'];
  'exit-code': ExitCode;
  compliance: number | null;
  counts: Counts | null;
  'targets-json': TargetOutput[];
  /** Of a consolidation; a scan has none. */
  'sources-json': SourceOutput[];
  'findings-json': FindingsOutput | null;
  'run-id': string;
  [report: `report-${string}`]: string;
}

export function toOutputs(model: ReportModel, reports: WrittenReport[] = []): Outputs {
  const { verdict, run } = model;
  const views = toViews(model);
  const isCounted = views.some(view => view.counts !== undefined);
  return {
    verdict: verdict.verdict,
    reason: verdict.reason,
    'exit-code': verdict.exitCode,
    compliance: totalCompliance(views).percent,
    counts: isCounted ? totalCounts(views) : null,
    'targets-json': views.map(({ name, identity, profile, judged, result, compliance, trouble }) => ({
      name,
      identity,
      profile,
      outcome: judged.outcome.kind,
      result,
      compliance: compliance?.percent ?? null,
      error: trouble?.code ?? null,
    })),
    ...noFindings,
    'run-id': run.id,
    ...reportOutputs(reports),
  };
}

const noFindings = { 'sources-json': [], 'findings-json': null };

/** For runs that ended before anything was touched. */
export function toFailureOutputs(reason: Verdict['reason'], exitCode: ExitCode, runId: string): Outputs {
  return {
    verdict: 'error',
    reason,
    'exit-code': exitCode,
    compliance: null,
    counts: null,
    'targets-json': [],
    ...noFindings,
    'run-id': runId,
  };
}

/** Of several files of one kind the first: the others stand in scan.json. */
export function reportOutputs(
  reports: readonly Pick<WrittenReport, 'format' | 'path'>[],
): Record<`report-${string}`, string> {
  const paths: Record<`report-${string}`, string> = {};
  for (const { format, path } of reports) if (path !== '-') paths[`report-${format}`] ??= path;
  return paths;
}

export const renderOutputs = (outputs: Outputs): string => toJson(outputs);
