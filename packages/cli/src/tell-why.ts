// SPDX-License-Identifier: Apache-2.0
import { type ReportModel, renderRefusal, renderWhy, shortLine } from '@cinc-scan/core';
import { jsonLog } from './json-log.ts';
import type { Terminal } from './terminal.ts';

/** Something the reader should know. */
export function tellNotice(text: string, terminal: Terminal): void {
  if (terminal.log.format === 'json') jsonLog(terminal).info({ event: 'notice', text });
  else terminal.stderr.write(`${shortLine(text, 2000)}\n`);
}

/** A threshold or baseline that cannot be used. */
export function tellRefusal(refused: Parameters<typeof renderRefusal>[0], terminal: Terminal): void {
  const { reason, problems } = refused;
  if (terminal.log.format === 'json') jsonLog(terminal).error({ event: 'error', code: reason, exit: 2, problems });
  else terminal.stderr.write(renderRefusal(refused));
}

/** No command ends with another code than 0 and leaves the reason to files: what it is stands on standard error. */
export function tellWhy(model: ReportModel, terminal: Terminal): void {
  const { verdict, reason, exit, exitCode } = model.verdict;
  if (exitCode === 0) return;
  const lines = renderWhy(model);
  if (terminal.log.format === 'json') jsonLog(terminal).error({ event: 'why', verdict, reason, exit, exitCode, lines });
  else for (const line of lines) terminal.stderr.write(`${line}\n`);
}
