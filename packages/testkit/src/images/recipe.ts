// SPDX-License-Identifier: Apache-2.0

/** One change to a root file system; later entries see the result of earlier ones. */
export type Entry =
  | { kind: 'debian'; suite: string; include: string[] }
  | { kind: 'directory'; path: string; mode?: number; uid?: number; gid?: number }
  | { kind: 'file'; path: string; content: string | Buffer; mode?: number; uid?: number; gid?: number }
  | { kind: 'append'; path: string; content: string }
  | { kind: 'link'; path: string; to: string }
  | { kind: 'host-file'; path: string; from: string; debianPackage: string; mode?: number }
  /** A folder of this machine, for everybody to read. */
  | { kind: 'host-directory'; path: string; from: string }
  | { kind: 'applets'; busybox: string; directory: string }
  | { kind: 'lens-helper'; path: string }
  | { kind: 'copy'; path: string; from: string; mode: number }
  | { kind: 'mode'; path: string; mode: number }
  | { kind: 'move'; path: string; from: string };

export interface Recipe {
  name: string;
  /** The image whose root file system this one starts from. */
  base?: string;
  uid: number;
  gid: number;
  command: string[];
  entries: Entry[];
  /** It is large and changes often: of what was built only the last is kept. */
  keepsOne?: true;
}

/** A flaw put into an image on purpose, so that a test can name what an audit has to find. */
export interface PlantedDefect {
  id: string;
  image: string;
  path: string;
  what: string;
  entries: Entry[];
}

export const registry = 'cinc-scan.test';

/** Static, needs no shell, ends on SIGTERM: the program of a target that has nothing to do. */
export const sleeper = ['/usr/bin/catatonit', '-P'];

export const sleeperEntry: Entry = {
  kind: 'host-file',
  path: '/usr/bin/catatonit',
  from: '/usr/bin/catatonit',
  debianPackage: 'catatonit',
  mode: 0o755,
};

export const busyboxEntries: Entry[] = [
  { kind: 'directory', path: '/bin' },
  { kind: 'host-file', path: '/bin/busybox', from: '/bin/busybox', debianPackage: 'busybox-static', mode: 0o755 },
  { kind: 'applets', busybox: '/bin/busybox', directory: '/bin' },
];

/** Directories that a runtime mounts on or that programs take for granted. */
export const skeleton: Entry[] = [
  { kind: 'directory', path: '/dev' },
  { kind: 'directory', path: '/etc' },
  { kind: 'directory', path: '/proc' },
  { kind: 'directory', path: '/root', mode: 0o700 },
  { kind: 'directory', path: '/sys' },
  { kind: 'directory', path: '/tmp', mode: 0o1777 },
  { kind: 'directory', path: '/usr/bin' },
  { kind: 'directory', path: '/var/tmp', mode: 0o1777 },
];
