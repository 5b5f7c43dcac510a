// SPDX-License-Identifier: Apache-2.0

import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { type Cgroups, countOomKills, killProcess, removeCgroup } from './cgroup.ts';
import { removeTree } from './rootfs.ts';
import { type RuncChild, runcRoot, startRunc } from './runc-command.ts';
import { CannotStart, type Ended } from './runtime.ts';
import { type Decided, type OciProcess, toProcess, toSpec } from './spec.ts';

export interface Place {
  stateDir: string;
  cgroups: Cgroups;
}

export interface Launched {
  id: string;
  pid: number;
  process: OciProcess;
  cgroupsPath: string;
  ended: Promise<Ended>;
  /** SIGTERM, after the grace period SIGKILL; resolves when processes, mounts, cgroup and files are gone. */
  stop(graceSeconds: number): Promise<void>;
}

export const containerFolder = (place: Place, id: string): string => join(place.stateDir, 'containers', id);

/** Runs a container whose root file system is ready; when its first process ends, everything else of it ends too. */
export async function launch(place: Place, plan: { id: string; decided: Decided; stdin: boolean }): Promise<Launched> {
  const { id, decided } = plan;
  const runc = await runContainer(place, plan).catch(async (error: unknown) => {
    await release(place, id, decided.cgroupsPath);
    throw error;
  });
  const ended = runc.ended.then(async end => {
    const kills = end.exitCode === 137 ? await countOomKills(place.cgroups, decided.cgroupsPath) : 0;
    return { ...end, oomKilled: kills > 0 };
  });
  const released = ended.then(() => release(place, id, decided.cgroupsPath));
  // A failed clean-up is reported by stop, which everyone has to call.
  released.catch(() => undefined);
  let over = false;
  ended.then(
    () => (over = true),
    () => (over = true),
  );
  return {
    id,
    pid: runc.pid,
    process: toProcess(decided),
    cgroupsPath: decided.cgroupsPath,
    ended,
    async stop(graceSeconds) {
      const signal = (name: NodeJS.Signals): void => (over ? undefined : killProcess(runc.pid, name));
      signal(graceSeconds > 0 ? 'SIGTERM' : 'SIGKILL');
      const timer = setTimeout(() => signal('SIGKILL'), graceSeconds * 1000);
      await released.finally(() => clearTimeout(timer));
    },
  };
}

async function runContainer(place: Place, plan: { id: string; decided: Decided; stdin: boolean }): Promise<RuncChild> {
  const folder = containerFolder(place, plan.id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(toSpec(plan.decided)));
  await using output = await open(join(folder, 'output'), 'a');
  const result = await startRunc({
    stateDir: place.stateDir,
    command: 'run',
    // Kept after its end, because runc would take the count of memory kills away with the cgroup.
    args: ['--keep', '--bundle', folder, plan.id],
    stdio: [plan.stdin ? 'pipe' : 'ignore', output.fd, output.fd],
  });
  if (result.kind === 'refused') {
    throw new CannotStart(inKubeletWords(result.message));
  }
  ignoreErrors(result.runc.child.stdin);
  return result.runc;
}

/** containerd uses runc's create and start where we use its run; the rest of the sentence is the same. */
function inKubeletWords(message: string): string {
  const created = message.replace(/^runc run failed/, 'runc create failed');
  return `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${created}`;
}

/** Writing to a process that has ended is not an error of ours. */
export function ignoreErrors(stream: Writable | null): void {
  stream?.on('error', () => undefined);
}

async function release(place: Place, id: string, cgroupsPath: string): Promise<void> {
  await removeCgroup(place.cgroups, cgroupsPath);
  await rm(join(runcRoot(place.stateDir), id), { recursive: true, force: true });
  await removeTree(containerFolder(place, id));
}
