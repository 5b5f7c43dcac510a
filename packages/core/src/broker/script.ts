// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { CommandAnswer } from '../lens/index.ts';

export interface Script {
  command: string;
  /** Between the sections of the answer; fresh for each script, so that no file can contain it. */
  separator: string;
}

export function makeScript(body: (separate: string) => string): Script {
  const separator = `\n${randomBytes(16).toString('hex')}\n`;
  return { separator, command: body(`printf '${separator.replaceAll('\n', '\\n')}'`) };
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
