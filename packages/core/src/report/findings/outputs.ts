// SPDX-License-Identifier: Apache-2.0
import { severityCounts } from '../../findings/index.ts';
import type { ExitCode, Verdict } from '../../gate/index.ts';
import type { WrittenReport } from '../model.ts';
import { type Outputs, reportOutputs } from '../outputs.ts';
import type { FindingsModel } from './model.ts';
import { statusCounts, verdictOf } from './tally.ts';

interface Ended {
  reason: Verdict['reason'];
  exitCode: ExitCode;
  reports: readonly Pick<WrittenReport, 'format' | 'path'>[];
}

/** What the next step of a pipeline gets of a consolidation. */
export const toFindingsOutputs = (model: FindingsModel, { reason, exitCode, reports }: Ended): Outputs => ({
  verdict: verdictOf(model),
  reason,
  'exit-code': exitCode,
  compliance: null,
  counts: null,
  'targets-json': [],
  'sources-json': model.sources.map(({ id, tool, target, kind, findings, problems }) => ({
    id,
    tool,
    target,
    outcome: kind,
    findings,
    error: problems[0]?.code ?? null,
  })),
  'findings-json': { status: statusCounts(model.rows), severity: severityCounts(model.rows) },
  'run-id': model.run.id,
  ...reportOutputs(reports),
});
