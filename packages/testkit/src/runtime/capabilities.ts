// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { ContainerSecurity } from './runtime.ts';

/** Linux capabilities by number, include/uapi/linux/capability.h. */
const numbered = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
];

/** What containerd gives a container that asks for nothing. */
const containerdDefault = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

/** The capabilities this process holds: more than these it cannot hand on. */
export async function readOwnCapabilities(): Promise<string[]> {
  const status = await readFile('/proc/self/status', 'utf8');
  const held = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return numbered.filter((_, bit) => ((held >> BigInt(bit)) & 1n) === 1n);
}

type Wishes = Pick<ContainerSecurity, 'addCapabilities' | 'dropCapabilities' | 'privileged'>;

/** The capability set of a container, without the `CAP_` prefix: ALL counts first, then the names one by one. */
export function decideCapabilities(wishes: Wishes, own: readonly string[]): string[] {
  if (wishes.privileged) {
    return [...own];
  }
  const add = wishes.addCapabilities.map(bare);
  const drop = wishes.dropCapabilities.map(bare);
  const set = new Set(drop.includes('ALL') ? [] : add.includes('ALL') ? own : containerdDefault);
  for (const name of add.filter(wish => wish !== 'ALL')) {
    set.add(name);
  }
  for (const name of drop) {
    set.delete(name);
  }
  return [...set];
}

function bare(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, '');
}
