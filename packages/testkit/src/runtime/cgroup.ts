// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../images/command.ts';

const mountPoint = '/sys/fs/cgroup';

/** Version 2 has one hierarchy, version 1 one for each controller. Only version 1 could be tried while writing this. */
export interface Cgroups {
  version: 1 | 2;
  hierarchies: string[];
}

export async function findCgroups(): Promise<Cgroups> {
  const entries = await readdir(mountPoint, { withFileTypes: true });
  if (entries.some(entry => entry.name === 'cgroup.controllers')) {
    return { version: 2, hierarchies: [mountPoint] };
  }
  const folders = entries.filter(entry => entry.isDirectory());
  return { version: 1, hierarchies: folders.map(entry => join(mountPoint, entry.name)) };
}

/** How often the kernel killed a process of this group for want of memory. */
export async function countOomKills(cgroups: Cgroups, path: string): Promise<number> {
  const file =
    cgroups.version === 2
      ? join(mountPoint, path, 'memory.events')
      : join(mountPoint, 'memory', path, 'memory.oom_control');
  const text = await readFile(file, 'utf8').catch(() => '');
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Kills what is in a group and below it until nothing is, then removes the group from every hierarchy. */
export async function removeCgroup(cgroups: Cgroups, path: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  const folders = (await Promise.all(cgroups.hierarchies.map(root => foldersBelow(join(root, path))))).flat();
  while (await killAll(folders)) {
    if (Date.now() > deadline) {
      throw new Error(`Processes in the cgroup ${path} do not end`);
    }
    await delay(4);
  }
  for (const folder of folders) {
    await removeFolder(folder, deadline);
  }
}

/** Deepest first. */
async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const children = entries.filter(entry => entry.isDirectory()).map(entry => join(folder, entry.name));
  const below = await Promise.all(children.map(foldersBelow));
  return [...below.flat(), folder];
}

async function killAll(folders: string[]): Promise<boolean> {
  const texts = await Promise.all(
    folders.map(folder => readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '')),
  );
  const pids = new Set(texts.flatMap(text => text.split('\n')).filter(line => line !== ''));
  for (const pid of pids) {
    killProcess(Number(pid), 'SIGKILL');
  }
  return pids.size > 0;
}

/** Sends a signal to a process that may be gone already. */
export function killProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    // A process of a foreign PID namespace is listed as 0, which would mean our own process group.
    if (pid > 0) {
      process.kill(pid, signal);
    }
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') {
      throw error;
    }
  }
}

/** A group stays busy for a moment after its last process ended. */
async function removeFolder(folder: string, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await rmdir(folder);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT') {
        return;
      }
      if (code !== 'EBUSY' || Date.now() > deadline) {
        throw error;
      }
      await delay(4);
    }
  }
}
