// SPDX-License-Identifier: Apache-2.0
// What tools say in the C locale when they cannot answer: C libraries have few words for it.
import type { CommandAnswer } from '../lens/index.ts';

/** The kernel's word at the end of a message such as `cat: /x: Permission denied`. */
export function reasonIn(message: string): string {
  const line = message.trimEnd().split('\n').at(-1) ?? '';
  return line.slice(line.lastIndexOf(': ') + 1).trim();
}

/** Whether somebody else may know: the user that looks may not. */
export const isClosed = (reason: string): boolean => /^(?:Permission denied|Operation not permitted)$/.test(reason);

const nothing =
  /^(?:No such file or directory|Not a directory|Is a directory|No such process|Too many levels of symbolic links|Symbolic link loop|File name too long|Filename too long)$/;

/** Whether a file that cannot be read is one that has no content. */
export const isNothing = (reason: string): boolean => nothing.test(reason);

type ToolTrouble = { kind: 'tool-missing'; tool: string } | { kind: 'tool-failed'; reason: string };

/** What the status of a tool says of the tool itself: 1 is about what it was asked. */
export function toolTrouble(tool: string, status: number): ToolTrouble | undefined {
  if (status === 126 || status === 127) return { kind: 'tool-missing', tool };
  return status > 1 ? { kind: 'tool-failed', reason: endOf(tool, status) } : undefined;
}

/** A shell gives 128 and the number of the signal. */
export function endOf(tool: string, status: number): string {
  return status > 128 ? `${tool} was ended by signal ${status - 128}` : `${tool} ended with status ${status}`;
}

export function firstLine({ stderr, status }: CommandAnswer): string {
  return stderr.toString('utf8').split('\n')[0]?.slice(0, 300) || `status ${status}`;
}
