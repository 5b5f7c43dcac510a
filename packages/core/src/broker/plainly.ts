// SPDX-License-Identifier: Apache-2.0
import type { CommandAnswer, RunOptions } from '../lens/index.ts';

export type Run = (more: Partial<RunOptions>) => Promise<CommandAnswer>;

/**
 * A command that only reads says the same without a process for a shell of its own, but for what the shell itself has to
 * say: then it is run again as all others are. One that takes long and complains, as `find` does, is not.
 */
export function plainly(programs: readonly string[], runBy: (ownShell: boolean) => Run): Run {
  return async more => {
    const answer = await runBy(false)(more);
    const isWhole = answer.status < shellsOwn && isOf(programs, answer.stderr);
    return isWhole ? answer : runBy(true)({ ...more, behind: undefined });
  };
}

/** From there on a shell tells by the status what kept it from running a program, or what ended one. */
const shellsOwn = 126;

/** Programs begin their complaints with their own name, a shell with its own. */
function isOf(programs: readonly string[], stderr: Buffer): boolean {
  const lines = stderr.toString('latin1').split('\n');
  return lines.every(line => line === '' || programs.some(name => line.startsWith(`${name}: `)));
}
