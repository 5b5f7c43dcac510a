// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { CommandAnswer } from '../lens/index.ts';

export interface Script {
  command: string;
  /** Between the sections of the answer; fresh for each script, so that no file can contain it. */
  separator: string;
}

/** The body is given a command that prints the separator, and the separator for a format of its own. */
export function makeScript(body: (separate: string, format: string) => string): Script {
  const separator = `\n${randomBytes(16).toString('hex')}\n`;
  const format = separator.replaceAll('\n', '\\n');
  return { separator, command: body(`printf '${format}'`, format) };
}

export function sections(answer: CommandAnswer, separator: string): Buffer[] {
  const found: Buffer[] = [];
  let rest = answer.stdout;
  for (let at = rest.indexOf(separator); at >= 0; at = rest.indexOf(separator)) {
    found.push(rest.subarray(0, at));
    rest = rest.subarray(at + separator.length);
  }
  return [...found, rest];
}
