// SPDX-License-Identifier: Apache-2.0
import { type Cluster, type ExecEnd, type ExecTarget, openExec } from '../cluster/index.ts';
import type { ShellEntry } from './session.ts';

export interface ShellOptions {
  scanner: Cluster;
  where: ExecTarget;
  /** Of the target, for messages. */
  name: string;
  /** Gives a POSIX shell with the target's view that reads its script from standard input. */
  command: string[];
  /** Starts a shell of the same container, for ending what does not end. */
  killShell: string[];
  verify: () => Promise<void>;
}

/** A shell that a session can open, and open again. */
export function toShellEntry({ scanner, where, name, command, killShell, verify }: ShellOptions): ShellEntry {
  return {
    name,
    open: () => openExec(scanner, where, command),
    verify,
    async kill(pid) {
      // The runtime makes an exec'd process the leader of its own session, so the group is all that it started.
      await runOnce(scanner, where, [...killShell, '-c', `kill -9 -${pid} 2>/dev/null || kill -9 ${pid}`]);
    },
  };
}

export interface Once {
  end: ExecEnd;
  stdout: string;
  stderr: string;
}

const onceMs = 15_000;
const onceBytes = 65_536;

/** Runs one short command by a stream of its own, outside any session. */
export async function runOnce(scanner: Cluster, where: ExecTarget, command: string[]): Promise<Once> {
  const stream = await openExec(scanner, where, command);
  const taken = { stdout: '', stderr: '' };
  const take = (channel: keyof typeof taken) => (bytes: Buffer) => {
    if (taken[channel].length < onceBytes) taken[channel] += bytes.toString('utf8');
  };
  stream.onStdout = take('stdout');
  stream.onStderr = take('stderr');
  const timer = setTimeout(() => void stream.close(0), onceMs);
  const end = await stream.ended;
  clearTimeout(timer);
  return { end, ...taken };
}
