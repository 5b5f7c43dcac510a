// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EngineInstall } from '@cinc-scan/core';
import { type ContainerSpec, createRuncRuntime, type Mount, openImageStore, testImage } from '@cinc-scan/testkit';
import type { HdfJson } from './cinc-scan.ts';
import { findLockedEngine } from './engine.ts';

const run = promisify(execFile);

const folderInside = '/tmp/plain-inspec';

/** Runs profiles with plain InSpec and its own local transport inside fresh containers of an image, without any cluster. */
export async function plainInspec(stateDir: string, image: string, profiles: string[]): Promise<HdfJson[]> {
  const engine = await findLockedEngine();
  const images = await openImageStore();
  await images.ensure([testImage(image)]);
  await using runtime = await createRuncRuntime({ stateDir, images });
  await runtime.startSandbox({ podUid: 'plain', hostname: 'plain', shareProcessNamespace: false, hostPid: false });
  const { pid } = await runtime.start({ ...containerOf(image), mounts: await rubyFolders(engine) });
  return await runInside(engine, pid, profiles);
}

/** Ruby loads some of its files only when they are needed: under the new root they have to lie at the same paths. */
async function rubyFolders(engine: EngineInstall): Promise<Mount[]> {
  const { stdout } = await run(engine.command, ['-e', 'puts RbConfig::CONFIG.values_at("rubylibdir", "rubyarchdir")']);
  const folders = [...stdout.trim().split('\n'), engine.env['GEM_HOME'] ?? ''];
  return folders.map(folder => ({ hostPath: folder, mountPath: folder, readOnly: true }));
}

function containerOf(image: string): ContainerSpec {
  return {
    id: 'a'.repeat(64),
    podUid: 'plain',
    name: 'plain',
    image: testImage(image),
    command: [],
    args: [],
    env: {},
    workingDir: undefined,
    security: {
      uid: undefined,
      gid: undefined,
      supplementalGroups: [],
      addCapabilities: [],
      dropCapabilities: [],
      privileged: false,
      allowPrivilegeEscalation: true,
      readOnlyRootFilesystem: false,
    },
    memoryLimitBytes: undefined,
    joinPidOf: undefined,
    mounts: [],
  };
}

async function runInside(
  { command, options, env }: EngineInstall,
  pid: number,
  profiles: string[],
): Promise<HdfJson[]> {
  const rootDirectory = `/proc/${pid}/root`;
  await mkdir(join(rootDirectory, folderInside), { recursive: true });
  const inside = profiles.map(profile => join(folderInside, basename(profile)));
  for (const [index, profile] of profiles.entries())
    await cp(profile, join(rootDirectory, inside[index] ?? ''), { recursive: true });
  const script = fileURLToPath(new URL('plain-inspec.rb', import.meta.url));
  const ruby = [command, ...options, script, rootDirectory, ...inside];
  // In the PID namespace of the container too, or its /proc/self would lead nowhere; in that of its network for its loopback.
  const running = run('nsenter', ['--target', String(pid), '--pid', '--net', ...ruby], {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8', ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  running.child.stdin?.end(); // a profile may read it
  const { stdout } = await running;
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as HdfJson);
}
