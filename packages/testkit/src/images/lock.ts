// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { spawnTool } from './command.ts';

/**
 * Holds an exclusive lock on a file, across processes, while `work` runs.
 * A child of flock(1) keeps it: the kernel frees it also when this process is killed, because the child's input ends.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const holder = await spawnTool('flock', [file, 'sh', '-c', 'echo held; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'close');
  const held = await Promise.race([ended.then(() => false), firstOutput(holder.stdout).then(() => true)]);
  if (!held) {
    throw new Error(`No lock on ${file}`);
  }
  try {
    return await work();
  } finally {
    holder.stdin?.end();
    await ended;
  }
}

async function firstOutput(stream: NodeJS.ReadableStream | null): Promise<void> {
  if (stream !== null) {
    await once(stream, 'data');
  }
}
