// SPDX-License-Identifier: Apache-2.0
import { isScanError, safeLogLines, toMessage } from '@cinc-scan/core';
import pc from 'picocolors';
import { type Terminal, usesColor } from './terminal.ts';

/** Prints an error: code, what happened to which object, what to do. Causes and stacks only when asked for. */
export function printFailure(error: unknown, terminal: Terminal, debug: boolean): number {
  const { stderr } = terminal;
  const colors = pc.createColors(usesColor(terminal, stderr));
  const [first = '', ...rest] = safeLogLines(toMessage(error)).map(line => line.replace(/^│ /, ''));
  const code = isScanError(error) ? error.code : 'DEFECT';
  stderr.write(`${colors.red(colors.bold(`cinc-scan: ${code}`))} ${first}\n`);
  for (const line of rest) stderr.write(`  ${line}\n`);
  const remedy = isScanError(error)
    ? error.remedy
    : 'This is a defect of cinc-scan: please report it with the output of --debug.';
  stderr.write(
    `${remedy
      .split('\n')
      .map(line => `  ${line}`)
      .join('\n')}\n`,
  );
  if (debug) for (const line of safeLogLines(causes(error))) stderr.write(`${line}\n`);
  return isScanError(error) ? error.exit : 1;
}

function causes(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${causes(error.cause)}`;
}
