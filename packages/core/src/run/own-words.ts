// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../errors/index.ts';
import type { ReportModel } from '../report/index.ts';

/** The model with remedies as its reader knows the inputs: they name flags, and not everyone has flags. */
export function inOwnWords(model: ReportModel, words: ((remedy: string) => string) | undefined): ReportModel {
  if (words === undefined) return model;
  const judged = model.verdict.judged.map(one => {
    if (one.judgement !== undefined) return one;
    const { code, message, remedy, cause } = one.outcome.error;
    const error = new ScanError(code, message, { cause, remedy: words(remedy) });
    return { ...one, outcome: { ...one.outcome, error } };
  });
  return { ...model, verdict: { ...model.verdict, judged } };
}
