// SPDX-License-Identifier: Apache-2.0
import { type Entry, type PlantedDefect, type Recipe, registry, sleeper, sleeperEntry } from '../recipe.ts';
import { dummyPrivateKey } from './dummy-key.ts';

const clean: Recipe = {
  name: `${registry}/debian:1`,
  uid: 0,
  gid: 0,
  command: sleeper,
  entries: [
    // The package passwd is not essential, but without it there is no shadow file.
    { kind: 'debian', suite: 'bookworm', include: ['passwd'] },
    sleeperEntry,
    { kind: 'directory', path: '/etc/ssh' },
    {
      kind: 'file',
      path: '/etc/ssh/sshd_config',
      content: 'PermitRootLogin no\nPasswordAuthentication no\n',
      mode: 0o600,
    },
    { kind: 'append', path: '/etc/profile', content: '\numask 027\n' },
  ],
};

// With the programs that resources of InSpec ask: what they say is what other ways to look have to say too.
const withTools: Recipe = {
  name: `${registry}/debian-tools:1`,
  uid: 0,
  gid: 0,
  command: sleeper,
  entries: [
    { kind: 'debian', suite: 'bookworm', include: ['passwd', 'procps', 'iproute2', 'mount', 'busybox-static'] },
    sleeperEntry,
    ...account('keeper', '1234:1234', '*'),
    { kind: 'append', path: '/etc/group', content: 'keeper:x:1234:\nreaders:x:1235:keeper\n' },
  ],
};

const image = `${registry}/debian-defects:1`;

function account(name: string, ids: string, password: string): Entry[] {
  return [
    { kind: 'append', path: '/etc/passwd', content: `${name}:x:${ids}::/root:/bin/sh\n` },
    { kind: 'append', path: '/etc/shadow', content: `${name}:${password}:19000:0:99999:7:::\n` },
  ];
}

export const debianDefects: PlantedDefect[] = [
  {
    id: 'world-writable-file',
    image,
    path: '/etc/cinc-defect',
    what: 'a configuration file that everyone may write',
    entries: [{ kind: 'file', path: '/etc/cinc-defect', content: 'anyone=may-write\n', mode: 0o666 }],
  },
  {
    id: 'world-writable-directory',
    image,
    path: '/var/lib/cinc-defect',
    what: 'a directory that everyone may write, without the sticky bit',
    entries: [{ kind: 'directory', path: '/var/lib/cinc-defect', mode: 0o777 }],
  },
  {
    id: 'second-root',
    image,
    path: '/etc/passwd',
    what: 'a second account with uid 0',
    entries: account('toor', '0:0', '*'),
  },
  {
    id: 'empty-password',
    image,
    path: '/etc/shadow',
    what: 'an account without a password',
    entries: account('guest', '1001:1001', ''),
  },
  {
    id: 'writable-passwd',
    image,
    path: '/etc/passwd',
    what: 'the account file is writable by everyone',
    entries: [{ kind: 'mode', path: '/etc/passwd', mode: 0o666 }],
  },
  {
    id: 'readable-shadow',
    image,
    path: '/etc/shadow',
    what: 'the password hashes are readable by everyone',
    entries: [{ kind: 'mode', path: '/etc/shadow', mode: 0o644 }],
  },
  {
    id: 'setuid-shell',
    image,
    path: '/usr/local/bin/rootsh',
    what: 'a shell with the setuid bit of root',
    entries: [{ kind: 'copy', path: '/usr/local/bin/rootsh', from: '/usr/bin/dash', mode: 0o4755 }],
  },
  {
    id: 'private-key',
    image,
    path: '/root/.ssh/id_rsa',
    what: 'a private key left in the image',
    entries: [
      { kind: 'directory', path: '/root/.ssh', mode: 0o700 },
      { kind: 'file', path: '/root/.ssh/id_rsa', content: dummyPrivateKey, mode: 0o644 },
    ],
  },
  {
    id: 'telnet-service',
    image,
    path: '/etc/inetd.conf',
    what: 'telnet offered by inetd',
    entries: [
      {
        kind: 'file',
        path: '/etc/inetd.conf',
        content: 'telnet stream tcp nowait root /usr/sbin/tcpd /usr/sbin/in.telnetd\n',
        mode: 0o644,
      },
    ],
  },
  {
    id: 'root-login',
    image,
    path: '/etc/ssh/sshd_config',
    what: 'root may log in over SSH with a password',
    entries: [
      {
        kind: 'file',
        path: '/etc/ssh/sshd_config',
        content: 'PermitRootLogin yes\nPasswordAuthentication yes\n',
        mode: 0o644,
      },
    ],
  },
  {
    id: 'open-umask',
    image,
    path: '/etc/profile',
    what: 'login shells create files that everyone may write',
    entries: [{ kind: 'append', path: '/etc/profile', content: '\numask 000\n' }],
  },
  {
    id: 'unowned-file',
    image,
    path: '/opt/unowned',
    what: 'a file whose owner has no account',
    entries: [{ kind: 'file', path: '/opt/unowned', content: 'whose?\n', uid: 4242, gid: 4242 }],
  },
  {
    id: 'sudo-without-password',
    image,
    path: '/etc/sudoers.d/everyone',
    what: 'everyone may become root without a password',
    entries: [
      { kind: 'directory', path: '/etc/sudoers.d' },
      { kind: 'file', path: '/etc/sudoers.d/everyone', content: 'ALL ALL=(ALL) NOPASSWD: ALL\n', mode: 0o440 },
    ],
  },
];

export const debianRecipes: Recipe[] = [
  clean,
  withTools,
  {
    name: image,
    base: clean.name,
    uid: 0,
    gid: 0,
    command: sleeper,
    entries: debianDefects.flatMap(defect => defect.entries),
  },
];
