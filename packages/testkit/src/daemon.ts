// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '@cinc-scan/core';
import { until } from './pods.ts';

/** An embedded cluster in a process of its own, which outlives the one that started it. */
export interface Daemon {
  kubeconfig: string;
  pid: number;
}

const folder = () => join(cacheFolder(process.env), 'cluster');
const kubeconfigPath = () => join(folder(), 'kubeconfig');

/** The cluster that runs already, or undefined. */
export async function findDaemon(): Promise<Daemon | undefined> {
  try {
    const pid = Number(await readFile(join(folder(), 'pid'), 'utf8'));
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    await readFile(kubeconfigPath());
    return command.includes(kubeconfigPath()) ? { kubeconfig: kubeconfigPath(), pid } : undefined;
  } catch {
    return undefined; // no file, no process, or none of ours
  }
}

/** Starts a cluster with these images and waits until it answers. */
export async function startDaemon(images: string[]): Promise<Daemon> {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  const log = await open(join(folder(), 'log'), 'w', 0o600);
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const args = [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    program,
    '--kubeconfig',
    kubeconfigPath(),
    '--state',
    join(folder(), 'state'),
  ];
  const child = spawn(process.execPath, [...args, ...images.flatMap(image => ['--image', image])], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  await log.close();
  const pid = child.pid ?? 0;
  await writeFile(join(folder(), 'pid'), String(pid));
  await until(`the embedded cluster (log: ${join(folder(), 'log')})`, async () => {
    if (child.exitCode !== null)
      throw new Error(`The embedded cluster did not start: ${await readFile(join(folder(), 'log'), 'utf8')}`);
    return (await readFile(join(folder(), 'log'), 'utf8')).includes('"ready":true');
  });
  return { kubeconfig: kubeconfigPath(), pid };
}

/** Ends a cluster and waits until it is gone. */
export async function stopDaemon({ pid }: Daemon): Promise<void> {
  process.kill(pid, 'SIGTERM');
  await until('the end of the embedded cluster', () => Promise.resolve(!existsSync(`/proc/${pid}`)));
}
