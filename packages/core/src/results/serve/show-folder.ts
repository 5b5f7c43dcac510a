// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from '../../errors/index.ts';
import type { Verdict } from '../../gate/index.ts';
import type { ReportModel } from '../../report/index.ts';
import { modelOfResults } from '../convert.ts';
import { readResultFolder } from '../read-results.ts';
import { readRun } from '../read-run.ts';

export type ShownFolder =
  | { kind: 'shown'; model: ReportModel }
  | { kind: 'refused'; code: ErrorCode; problem: string }
  | { kind: 'none' };

/** The run whose files lie in a folder, as it was judged; results that are of no run are converted. */
export function showFolder(folder: string, now: Date): ShownFolder {
  const run = readRun(folder);
  if (run.kind === 'run') return { kind: 'shown', model: run.model };
  const isUnfinished = run.kind === 'refused' && run.code === 'RUN_UNFINISHED';
  if (run.kind === 'refused' && !isUnfinished) return run;
  const results = readResultFolder(folder);
  if (isUnfinished) return { kind: 'shown', model: asUnfinished(modelOfResults(results, now)) };
  return results.length === 0 ? { kind: 'none' } : { kind: 'shown', model: modelOfResults(results, now) };
}

/** What a killed run has left tells nothing of what it had not come to. */
function asUnfinished(model: ReportModel): ReportModel {
  const verdict: Verdict = { ...model.verdict, verdict: 'error', reason: 'ENGINE_CRASHED', exit: 5, exitCode: 5 };
  const warning = 'The run has not finished: there may have been more targets';
  return { ...model, verdict, warnings: [warning, ...model.warnings] };
}
