// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissingFile, ToolMissing } from '../images/command.ts';
import { type Launched, launch, type Place } from './launch.ts';
import { cgroupParent } from './owner.ts';
import { removeTree } from './rootfs.ts';
import type { ContainerSpec, SandboxSpec } from './runtime.ts';
import type { OciMount, OciNamespace } from './spec.ts';

/** A pod: the process that holds its namespaces, and the containers started in it. */
export interface Sandbox {
  spec: SandboxSpec;
  pause: Launched;
  folder: string;
  containers: Map<string, Launched>;
  /** Starts under way; stopping waits for them. */
  starting: Set<Promise<unknown>>;
}

const pauseProgram = '/usr/bin/catatonit';

export function podCgroup(place: Place, podUid: string): string {
  return `${cgroupParent(place.stateDir)}/kubepods/besteffort/pod${podUid}`;
}

/** The root file system of every pause container: one static program. */
export async function preparePause(place: Place): Promise<void> {
  const root = join(place.stateDir, 'pause');
  await mkdir(root, { recursive: true });
  await chmod(root, 0o755);
  await copyFile(pauseProgram, join(root, 'pause')).catch((cause: unknown) => {
    throw isMissingFile(cause) ? new ToolMissing('catatonit') : cause;
  });
}

/** Makes the pod's namespaces; runc brings up the loopback interface of the new network, and nothing else is in it. */
export async function openSandbox(place: Place, spec: SandboxSpec): Promise<Sandbox> {
  const folder = join(place.stateDir, 'sandboxes', spec.podUid);
  await writeIdentity(folder, spec.hostname);
  const id = createHash('sha256').update(`sandbox ${spec.podUid}`).digest('hex');
  const pause = await launch(place, {
    id,
    stdin: false,
    decided: {
      user: { uid: 65535, gid: 65535, additionalGids: [] },
      capabilities: [],
      args: ['/pause', '-P'],
      env: {},
      cwd: '/',
      rootfs: join(place.stateDir, 'pause'),
      readOnly: true,
      privileged: false,
      noNewPrivileges: true,
      seccomp: true,
      hostname: spec.hostname,
      namespaces: [
        { type: 'mount' },
        { type: 'network' },
        { type: 'ipc' },
        { type: 'uts' },
        ...(spec.hostPid ? [] : [{ type: 'pid' } as const]),
      ],
      cgroupsPath: `${podCgroup(place, spec.podUid)}/${id}`,
      memoryLimitBytes: undefined,
      mounts: [],
      devices: [],
    },
  });
  return { spec, pause, folder, containers: new Map(), starting: new Set() };
}

/** The namespaces of one more container of the pod. */
export function namespacesFor(place: Place, sandbox: Sandbox, target: Launched | undefined): OciNamespace[] {
  const inPod = (type: OciNamespace['type'], kernelName: string): OciNamespace => ({
    type,
    path: `/proc/${sandbox.pause.pid}/ns/${kernelName}`,
  });
  return [
    { type: 'mount' },
    inPod('network', 'net'),
    inPod('ipc', 'ipc'),
    inPod('uts', 'uts'),
    ...pidNamespace(sandbox, target),
    ...(place.cgroups.version === 2 ? [{ type: 'cgroup' } as const] : []),
  ];
}

function pidNamespace(sandbox: Sandbox, target: Launched | undefined): OciNamespace[] {
  if (sandbox.spec.hostPid) {
    return [];
  }
  const holder = target ?? (sandbox.spec.shareProcessNamespace ? sandbox.pause : undefined);
  return [holder === undefined ? { type: 'pid' } : { type: 'pid', path: `/proc/${holder.pid}/ns/pid` }];
}

/** What a pod lays over files of the image, and the volumes of the container. */
export function mountsFor(sandbox: Sandbox, spec: ContainerSpec): OciMount[] {
  const own = ['hosts', 'hostname', 'resolv.conf'].map(name => ({
    hostPath: join(sandbox.folder, name),
    mountPath: `/etc/${name}`,
    readOnly: spec.security.readOnlyRootFilesystem,
  }));
  return [...own, ...spec.mounts].map(mount => ({
    destination: mount.mountPath,
    type: 'bind',
    source: mount.hostPath,
    options: ['rbind', 'rprivate', mount.readOnly ? 'ro' : 'rw'],
  }));
}

async function writeIdentity(folder: string, hostname: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = {
    hosts: `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\t${hostname}\n`,
    hostname: `${hostname}\n`,
    'resolv.conf': '',
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    await chmod(join(folder, name), 0o644);
  }
}

/** Ends the containers at once, then what held them together. */
export async function closeSandbox(place: Place, sandbox: Sandbox): Promise<void> {
  await Promise.allSettled(sandbox.starting);
  await Promise.all([...sandbox.containers.values()].map(container => container.stop(0)));
  await sandbox.pause.stop(0);
  await removeTree(sandbox.folder);
}
