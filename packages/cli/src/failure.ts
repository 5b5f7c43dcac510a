// SPDX-License-Identifier: Apache-2.0
import { isScanError, safeLogLines, toMessage } from '@cinc-scan/core';
import pc from 'picocolors';
import { jsonLog } from './json-log.ts';
import { type Terminal, usesColor } from './terminal.ts';

interface Failure {
  code: string;
  message: string;
  remedy: string;
  exit: number;
}

/** Prints an error: code, what happened to which object, what to do. Causes and stacks only when asked for. */
export function printFailure(error: unknown, terminal: Terminal, debug: boolean): number {
  const failure = toFailure(error);
  if (terminal.log.format === 'json')
    jsonLog(terminal).error({ event: 'error', ...failure, ...(debug && { causes: causes(error) }) });
  else printText(failure, terminal, debug ? safeLogLines(causes(error)) : []);
  return failure.exit;
}

function toFailure(error: unknown): Failure {
  const message = toMessage(error);
  if (isScanError(error)) return { code: error.code, message, remedy: error.remedy, exit: error.exit };
  const remedy = 'This is a defect of cinc-scan: please report it with the output of --debug.';
  return { code: 'DEFECT', message, remedy, exit: 1 };
}

function printText({ code, message, remedy }: Failure, terminal: Terminal, more: string[]): void {
  const { stderr } = terminal;
  const colors = pc.createColors(usesColor(terminal, stderr));
  const [first = '', ...rest] = safeLogLines(message).map(line => line.replace(/^│ /, ''));
  const lines = [...rest, ...remedy.split('\n')].map(line => `  ${line}`);
  stderr.write(`${colors.red(colors.bold(`cinc-scan: ${code}`))} ${first}\n`);
  for (const line of [...lines, ...more]) stderr.write(`${line}\n`);
}

function causes(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${causes(error.cause)}`;
}
