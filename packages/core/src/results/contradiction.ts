// SPDX-License-Identifier: Apache-2.0
// What a manifest that was edited, or that lies beside other results, says against itself.
import type { JudgedAudit, Verdict } from '../gate/index.ts';
import { controlsOf } from '../outcome/index.ts';
import { boundText, type FinishedScan, type ReportModel } from '../report/index.ts';

/** Why what a manifest says cannot be so; undefined if it can. */
export function contradictionIn(scan: FinishedScan, { verdict }: ReportModel): string | undefined {
  const audits = verdict.judged.flatMap(one => (one.judgement === undefined ? [] : [one]));
  return verdictProblem(scan, verdict) ?? audits.map(misfit).find(problem => problem !== undefined);
}

/** A verdict is never better than its worst target: neither a finding nor an error ever turns into a pass. */
function verdictProblem({ targets, gate }: FinishedScan, { exit, exitCode }: Verdict): string | undefined {
  const words = { 0: 'pass', 3: 'fail' } as const;
  const word = exit === 0 || exit === 3 ? words[exit] : 'error';
  if (gate.verdict !== word) return `the verdict ${gate.verdict} does not fit exit ${exit}`;
  if (exitCode !== exit && !(exit === 3 && exitCode === 0) && !(gate.unasked && exitCode === 0))
    return `exit code ${exitCode} does not fit exit ${exit}`;
  const worse = targets.find(({ judgement, comparison }) => {
    const exits = judgement === null ? [4] : [judgement.exit, comparison?.exit ?? 0];
    return exit === 0 ? exits.some(each => each !== 0) : exit === 3 && exits.some(each => each !== 0 && each !== 3);
  });
  return worse === undefined ? undefined : `the verdict ${gate.verdict} does not fit the target ${worse.name}`;
}

/** Each control that was counted stands at its number in the results, under its name. */
function misfit({ outcome, judgement }: JudgedAudit): string | undefined {
  const controls = controlsOf(outcome.hdf);
  const wrong = judgement.controls.find(({ id, at, base }) => {
    const listed = controls[at]?.control.id;
    return listed === undefined || boundText(listed) !== id || controls[base] === undefined;
  });
  if (wrong === undefined) return undefined;
  return `control ${wrong.id} of the judgement is not number ${wrong.at} of the result file`;
}
