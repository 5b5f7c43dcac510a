// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';

export interface ChildOptions {
  env: Record<string, string | undefined>;
  cwd?: string;
  signal?: AbortSignal | undefined;
}

const mostSaid = 65_536;

/**
 * Runs a program to its end; rejects with what it said. It is a group of its own, which ends with the signal: Bundler
 * starts compilers, and would go on for minutes after the run that wanted its gems.
 */
export function runChild(command: string, args: string[], { env, cwd, signal }: ChildOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      ...(cwd !== undefined && { cwd }),
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-mostSaid);
    });
    const kill = () => killGroup(child.pid);
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted === true) kill();
    const finish = (error: Error | undefined) => {
      signal?.removeEventListener('abort', kill);
      if (error === undefined) resolve();
      else reject(error);
    };
    child.once('error', finish);
    child.once('close', (code, by) => {
      const how = by === null ? `status ${code}` : by;
      finish(code === 0 ? undefined : Object.assign(new Error(`${command} ended with ${how}`), { stderr: said }));
    });
  });
}

/** Ends a process that this package started, with its group. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    // oxlint-disable-next-line no-restricted-globals -- a process that this file started is ended here
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody of the group lives any more
  }
}
