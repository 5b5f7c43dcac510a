// SPDX-License-Identifier: Apache-2.0

import { error as annotateError, info, warning } from '@actions/core';
import {
  isScanError,
  type ReportModel,
  renderConsole,
  safeLogLines,
  toMessage,
  verdictSentence,
} from '@cinc-scan/core';
import { safeText } from './log.ts';
import type { AskedStep } from './step-request.ts';
import { inStepWords } from './step-words.ts';
import { summarizeFailure } from './summary.ts';

/** What kept the step from looking: as an annotation, on the page of the job, and with all its causes for debugging. */
export async function tellFailure(
  thrown: unknown,
  asked: Pick<AskedStep, 'values' | 'own'> | undefined,
): Promise<void> {
  const code = isScanError(thrown) ? thrown.code : 'DEFECT';
  const remedy = isScanError(thrown)
    ? inStepWords(thrown.remedy)
    : 'This is a defect of cinc-scan: please report it with the log of a run with log-level: debug.';
  const message = safeText(toMessage(thrown));
  annotateError(`${message}\n${remedy}`, { title: `cinc-scan: ${code}` });
  if (asked?.values['log-level'] === 'debug') safeLogLines(causes(thrown)).forEach(line => info(line));
  if (asked?.own.summary !== false) await summarizeFailure({ code, message, remedy });
}

function causes(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  const own = thrown.stack ?? thrown.message;
  return thrown.cause === undefined ? own : `${own}\ncaused by: ${causes(thrown.cause)}`;
}

/** The result as the log shows it, and the one line that says why the step failed. */
export function tellVerdict(model: ReportModel): void {
  for (const line of renderConsole(model, { color: false, width: 160 }).split('\n')) info(line);
  const { verdict } = model;
  const sentence = verdictSentence(verdict);
  if (verdict.exitCode !== 0) annotateError(`${sentence} (${verdict.reason})`, { title: 'cinc-scan' });
  else if (verdict.exit !== 0) warning(`${sentence} (${verdict.reason})`, { title: 'cinc-scan' });
}
