// SPDX-License-Identifier: Apache-2.0

import { ScanError } from '../errors/index.ts';
import { judge, type Verdict, withGrantLeft } from '../gate/index.ts';
import type { Outcome } from '../outcome/index.ts';
import type { ReportModel, WrittenReport } from '../report/index.ts';
import { untilDeadline } from './cancel.ts';
import { ClusterSite } from './cluster-site.ts';
import { inOwnWords } from './own-words.ts';
import { type OpenSite, Run } from './run.ts';
import type { Deps, ScanRequest } from './scan-request.ts';
import type { Site } from './site.ts';

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
export function scan(request: ScanRequest, deps: Deps): Promise<Scan> {
  if (request.dryRun) throw new ScanError('USAGE', 'For a dry run call previewScan(); scan() touches the targets');
  return performScan(request, deps, known => ClusterSite.connect(request, known));
}

/** The same wherever the run takes place. */
export async function performScan(request: ScanRequest, given: Deps, openSite: OpenSite<Site>): Promise<Scan> {
  using ends = untilDeadline(request.deadlineMs, given.signal);
  await using run = await Run.start(request, { ...given, signal: ends.signal }, openSite);
  const outcomes = await lookThrough(run);
  const judged = judge(outcomes, request.gate);
  const { notRevoked } = run.site;
  const verdict = notRevoked === undefined ? judged : withGrantLeft(judged, notRevoked.code);
  const model = inOwnWords(await run.model(verdict), given.ownWords);
  const reports = await run.report(model);
  given.emit({ kind: 'verdict', verdict, reports });
  return { outcomes, verdict, reports, model };
}

async function lookThrough(run: Run): Promise<Outcome[]> {
  try {
    const plan = await run.plan();
    return await run.auditPlan(plan);
  } catch (error) {
    return run.unreached(error);
  }
}
