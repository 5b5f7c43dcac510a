// SPDX-License-Identifier: Apache-2.0

/** System calls that become possible with a capability. */
const gated: Record<string, string[]> = {
  SYS_ADMIN: [
    'bpf',
    'fsconfig',
    'fsmount',
    'fsopen',
    'fspick',
    'lookup_dcookie',
    'mount',
    'mount_setattr',
    'move_mount',
    'open_tree',
    'perf_event_open',
    'quotactl',
    'setdomainname',
    'sethostname',
    'setns',
    'umount',
    'umount2',
    'unshare',
  ],
  DAC_READ_SEARCH: ['open_by_handle_at'],
  SYS_BOOT: ['reboot'],
  SYS_CHROOT: ['chroot'],
  SYS_MODULE: ['delete_module', 'finit_module', 'init_module'],
  SYS_PACCT: ['acct'],
  SYS_RAWIO: ['ioperm', 'iopl'],
  SYS_TIME: ['clock_settime', 'settimeofday', 'stime'],
  SYSLOG: ['syslog'],
};

const always = [
  'add_key',
  'kexec_file_load',
  'kexec_load',
  'keyctl',
  'pivot_root',
  'request_key',
  'swapoff',
  'swapon',
  'userfaultfd',
];

/**
 * Stands for the profile `RuntimeDefault`. The real one lists what is allowed; this one lists what that leaves out,
 * which is the same for every program that a test runs.
 */
export function toSeccomp(capabilities: readonly string[]): object {
  const closed = Object.entries(gated).filter(([capability]) => !capabilities.includes(capability));
  const names = [...always, ...closed.flatMap(([, calls]) => calls)];
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
  };
}
