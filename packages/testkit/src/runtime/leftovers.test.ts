// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openImageStore } from '../images/store.ts';
import { cgroupParent } from './owner.ts';
import { createRuncRuntime } from './runc.ts';
import { busybox, nextText, openBench, openPod, startContainer } from './testing/pod.ts';

/** Whatever on this machine still speaks of a state directory: mounts, cgroups, processes, files. */
async function findTraces(stateDir: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter(line => line.includes(stateDir));
  const hierarchies = await readdir('/sys/fs/cgroup');
  const groups = await Promise.all(
    hierarchies.map(async name => {
      const entries = await readdir(join('/sys/fs/cgroup', name)).catch(() => []);
      return entries.filter(entry => cgroupParent(stateDir) === `/${entry}`);
    }),
  );
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map(async pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  const processes = commands.filter(command => command.startsWith('runc') && command.includes(stateDir));
  const files = await readdir(stateDir).catch(() => []);
  return [...mounts, ...groups.flat(), ...processes, ...files];
}

async function startDoomedOwner(stateDir: string): Promise<{ owner: ChildProcess; appPid: number }> {
  const script = join(import.meta.dirname, 'testing/abandon.ts');
  const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', script, stateDir];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [, pid] = (await nextText(owner.stdout)).split(' ');
  return { owner, appPid: Number(pid) };
}

test('stopping a pod leaves nothing of it, and disposing leaves nothing at all', async () => {
  const { runtime, stateDir } = await openBench(busybox);
  const podUid = await openPod(runtime);
  const containers = await Promise.all([1, 2, 3].map(async () => startContainer(runtime, podUid)));
  await runtime.exec(containers[0]?.id ?? '', ['sleep', '1000'], { stdin: false });
  await runtime.stopSandbox(podUid);
  const left = await Promise.all(
    ['containers', 'sandboxes', 'runc', 'jobs'].map(async name => readdir(join(stateDir, name))),
  );
  expect(left).toEqual([[], [], [], []]);
  expect((await findTraces(stateDir)).filter(trace => trace.startsWith('/') || trace.startsWith('runc\0'))).toEqual([]);

  await startContainer(runtime, await openPod(runtime));
  await runtime[Symbol.asyncDispose]();
  expect(await findTraces(stateDir)).toEqual([]);
});

test('disposing while pods are being made waits for them and takes them along', async () => {
  const { runtime, stateDir } = await openBench(busybox);
  const podUid = await openPod(runtime);
  const starting = Promise.allSettled([startContainer(runtime, podUid), openPod(runtime)]);
  await runtime[Symbol.asyncDispose]();
  await starting;
  expect(await findTraces(stateDir)).toEqual([]);
});

test('what a killed owner left behind is cleaned away by the next one, and only then', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'cinc-scan-runtime-'));
  const images = await openImageStore();
  await images.ensure([busybox]);
  const { owner, appPid } = await startDoomedOwner(stateDir);
  await expect(createRuncRuntime({ stateDir, images })).rejects.toThrow(/belongs to the running process \d+/);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(await readFile(`/proc/${appPid}/comm`, 'utf8')).toBe('catatonit\n');

  const next = await createRuncRuntime({ stateDir, images });
  await expect(readFile(`/proc/${appPid}/cmdline`, 'utf8').catch(() => '')).resolves.toBe('');
  expect(await readdir(stateDir)).toEqual(['lock', 'owner', 'pause']);
  await startContainer(next, await openPod(next));
  await next[Symbol.asyncDispose]();
  expect(await findTraces(stateDir)).toEqual([]);
});
