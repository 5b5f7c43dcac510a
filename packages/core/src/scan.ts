// SPDX-License-Identifier: Apache-2.0
import { ScanError } from './errors/index.ts';
import { judge, type Verdict } from './gate/index.ts';
import type { Outcome } from './outcome/outcome.ts';
import type { ReportModel, WrittenReport } from './report/index.ts';
import { Run } from './run.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

/** What a run gave: what became of each target, the answer, and where the reports lie. */
export interface Scan {
  outcomes: Outcome[];
  verdict: Verdict;
  reports: WrittenReport[];
  /** The run as reports show it. */
  model: ReportModel;
}

/**
 * request ─ plan ─► targets ─ grant ─► identity ─ open ─► session ─ audit ─► HDF ─ gate ─► verdict ─ report ─► files
 *
 * Throws a ScanError only for usage errors (exit 2), when nothing was touched. Everything later becomes an outcome.
 */
export async function scan(request: ScanRequest, deps: Deps): Promise<Scan> {
  if (request.dryRun)
    throw new ScanError('USAGE', 'A dry run is a matter of previewScan: scan() would touch the target');
  await using run = await Run.start(request, deps);
  const outcomes = await lookThrough(run);
  const verdict = withRevocation(judge(outcomes, request.gate), run);
  const model = await run.model(verdict);
  return { outcomes, verdict, reports: await run.report(model), model };
}

async function lookThrough(run: Run): Promise<Outcome[]> {
  try {
    const plan = await run.plan();
    return await run.look(plan);
  } catch (error) {
    return run.unreached(error);
  }
}

/** A grant that could not be taken back is an error of the run, however good its findings; a failed engine is worse. */
function withRevocation(verdict: Verdict, { notRevoked }: Run): Verdict {
  if (notRevoked === undefined || verdict.exit > 3) return verdict;
  return { ...verdict, verdict: 'error', reason: notRevoked.code, exit: 4, exitCode: 4 };
}
