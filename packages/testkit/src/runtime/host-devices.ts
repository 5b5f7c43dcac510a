// SPDX-License-Identifier: Apache-2.0
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OciDevice } from './spec.ts';

/** Places that a container has of its own. */
const own = new Set(['/dev/pts', '/dev/shm', '/dev/mqueue', '/dev/fd', '/dev/console', '/dev/ptmx']);

/** The machine's devices, which a privileged container gets. */
export async function listHostDevices(folder = '/dev'): Promise<OciDevice[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async entry => {
      const path = join(folder, entry.name);
      if (own.has(path)) {
        return [];
      }
      if (entry.isDirectory()) {
        return listHostDevices(path);
      }
      return entry.isBlockDevice() || entry.isCharacterDevice() ? [await describe(path, entry.isBlockDevice())] : [];
    }),
  );
  return found.flat();
}

/** Device numbers as makedev(3) packs them. */
async function describe(path: string, block: boolean): Promise<OciDevice> {
  const { rdev, mode, uid, gid } = await lstat(path);
  const [major, minor] = [(rdev >>> 8) & 0xfff, (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)];
  return { path, type: block ? 'b' : 'c', major, minor, fileMode: mode & 0o777, uid, gid };
}
