// SPDX-License-Identifier: Apache-2.0
import { toSeccomp } from './seccomp.ts';
import type { User } from './user.ts';

/** The part of the OCI runtime specification that is used here. */
export interface OciProcess {
  terminal: false;
  user: { uid: number; gid: number; additionalGids: number[] };
  args: string[];
  env: string[];
  cwd: string;
  capabilities: { bounding: string[]; effective: string[]; permitted: string[] };
  noNewPrivileges: boolean;
}

export interface OciMount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export interface OciNamespace {
  type: 'pid' | 'network' | 'ipc' | 'uts' | 'mount' | 'cgroup';
  path?: string;
}

export interface OciDevice {
  path: string;
  type: 'b' | 'c';
  major: number;
  minor: number;
  fileMode: number;
  uid: number;
  gid: number;
}

/** What is decided for one container before its specification is written. */
export interface Decided {
  user: User;
  capabilities: string[];
  args: string[];
  env: Record<string, string>;
  cwd: string;
  rootfs: string;
  readOnly: boolean;
  privileged: boolean;
  noNewPrivileges: boolean;
  seccomp: boolean;
  hostname: string | undefined;
  namespaces: OciNamespace[];
  cgroupsPath: string;
  memoryLimitBytes: number | undefined;
  mounts: OciMount[];
  devices: OciDevice[];
}

// These two lists are containerd's defaults.
const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function defaultMounts(privileged: boolean): OciMount[] {
  const mode = privileged ? 'rw' : 'ro';
  const quiet = ['nosuid', 'noexec', 'nodev'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: quiet },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: quiet },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...quiet, 'mode=1777', 'size=65536k'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, mode] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...quiet, 'relatime', mode] },
  ];
}

export function toProcess(decided: Decided): OciProcess {
  const capabilities = decided.capabilities.map(name => `CAP_${name}`);
  const hostname = decided.hostname === undefined ? {} : { HOSTNAME: decided.hostname };
  const env = { PATH: path, ...hostname, ...decided.env };
  return {
    terminal: false,
    user: decided.user,
    args: decided.args,
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    cwd: decided.cwd,
    // Without an inheritable or ambient set the kernel leaves a non-root process with none: as under containerd.
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    noNewPrivileges: decided.noNewPrivileges,
  };
}

/** The OCI specification of a container, with the defaults that containerd's Kubernetes plugin uses. */
export function toSpec(decided: Decided): object {
  const { privileged } = decided;
  return {
    ociVersion: '1.0.2',
    process: toProcess(decided),
    root: { path: decided.rootfs, readonly: decided.readOnly },
    ...(decided.hostname === undefined || hasPath(decided, 'uts') ? {} : { hostname: decided.hostname }),
    mounts: [...defaultMounts(privileged), ...decided.mounts],
    linux: {
      namespaces: decided.namespaces,
      cgroupsPath: decided.cgroupsPath,
      devices: decided.devices,
      resources: {
        devices: [{ allow: privileged, access: 'rwm' }],
        ...(decided.memoryLimitBytes === undefined ? {} : { memory: { limit: decided.memoryLimitBytes } }),
      },
      ...(privileged ? {} : { maskedPaths, readonlyPaths }),
      ...(decided.seccomp ? { seccomp: toSeccomp(decided.capabilities) } : {}),
    },
  };
}

function hasPath(decided: Decided, type: OciNamespace['type']): boolean {
  return decided.namespaces.some(namespace => namespace.type === type && namespace.path !== undefined);
}
