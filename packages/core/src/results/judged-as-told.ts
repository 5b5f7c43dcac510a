// SPDX-License-Identifier: Apache-2.0
// Whether a stored run was judged as it says: its results, held once more against the bounds that it names.
import { evaluate, type Judged, type JudgedAudit } from '../gate/index.ts';
import { targetName } from '../plan/index.ts';
import { boundText, type ReportModel } from '../report/index.ts';

/**
 * What the gate says otherwise of the results than the run does; undefined where both agree. What was compared with a baseline
 * is judged by the bounds alone: the baseline is not there any more.
 */
export function judgedOtherwise({ verdict: { judged } }: ReportModel): string | undefined {
  for (const each of judged) {
    const other = isAudit(each) ? otherwise(each) : undefined;
    if (other !== undefined) return `${targetName(each.outcome.target)}: ${other}`;
  }
  return undefined;
}

const isAudit = (judged: Judged): judged is JudgedAudit => judged.judgement !== undefined;

function otherwise({ outcome, judgement: told }: JudgedAudit): string | undefined {
  const now = evaluate(outcome.hdf, { bounds: new Map(Object.entries(told.bounds)), notEnforced: [] }, told.options);
  if (now.exit !== told.exit || now.reason !== told.reason)
    return `the gate says ${now.reason} (exit ${now.exit}) of its results, and the run ${told.reason} (exit ${told.exit})`;
  if (now.controls.length !== told.controls.length)
    return `${told.controls.length} controls are counted, and its results have ${now.controls.length}`;
  const wrong = now.controls.find(({ at, status, severity }, index) => {
    const counted = told.controls[index];
    return counted?.at !== at || counted.status !== status || counted.severity !== boundText(severity);
  });
  return wrong && `control ${wrong.id} counts as ${wrong.status} (${wrong.severity}), which the run says otherwise`;
}
