// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../images/lock.ts';
import { type Cgroups, killProcess, removeCgroup } from './cgroup.ts';
import { removeTree } from './rootfs.ts';
import { runcRoot } from './runc-command.ts';

/** The cgroup below which everything of one state directory lives. */
export function cgroupParent(stateDir: string): string {
  return `/cinc-scan-${createHash('sha256').update(stateDir).digest('hex').slice(0, 12)}`;
}

/** Makes this process the owner of a state directory; what a dead owner left in it is cleaned away first. */
export async function claim(stateDir: string, cgroups: Cgroups): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await withLock(`${stateDir}/lock`, async () => {
    const file = join(stateDir, 'owner');
    const owner = await readFile(file, 'utf8').catch(() => '');
    if (owner !== '' && (await isAlive(owner))) {
      throw new Error(`${stateDir} belongs to the running process ${owner.split(' ')[0]}`);
    }
    await sweep(stateDir, cgroups);
    await writeFile(file, await identify(process.pid));
  });
}

/** Ends every process and removes every mount, cgroup and file that belongs to a state directory. */
export async function sweep(stateDir: string, cgroups: Cgroups): Promise<void> {
  for (const pid of await findRunc(stateDir)) {
    killProcess(pid, 'SIGKILL');
  }
  await removeCgroup(cgroups, cgroupParent(stateDir));
  const names = await readdir(stateDir);
  for (const name of names.filter(entry => entry !== 'lock')) {
    await removeTree(join(stateDir, name));
  }
}

/** A process id is used again sooner or later: together with the boot and the start time it is not. */
async function identify(pid: number): Promise<string> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const started = fields[0] === 'Z' ? 'ended' : (fields[19] ?? '');
  return `${pid} ${started} ${boot}`;
}

async function isAlive(owner: string): Promise<boolean> {
  const now = await identify(Number(owner.split(' ')[0])).catch(() => '');
  return now === owner;
}

async function findRunc(stateDir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const found: number[] = [];
  for (const pid of pids) {
    const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (args[0] === 'runc' && args[2] === runcRoot(stateDir)) {
      found.push(Number(pid));
    }
  }
  return found;
}
