// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ScanError } from '../errors/index.ts';
import { toPath } from './config-map.ts';
import { Allowance, type ArchiveEntry, limits } from './entries.ts';
import { readArchive, writeEntries } from './unpack.ts';

// What Kubernetes mounts of a ConfigMap or Secret are links through this one into a hidden folder
// (https://kubernetes.io/docs/concepts/storage/volumes/#configmap).
const mountLink = '..data';

/**
 * A folder of this machine as InSpec can read it, which does not look into folders that are links: itself, or a copy in which
 * they are folders.
 */
export async function readableFolder(path: string, scratch: string): Promise<string> {
  const names = await readdir(path);
  if (!names.includes(mountLink) && !(await hasLinkedFolder(path))) return path;
  const from = names.includes(mountLink) ? join(path, mountLink) : path;
  const entries = await read(await realpath(path), from);
  const folder = await mkdtemp(join(scratch, 'p'));
  await writeEntries(names.includes(mountLink) ? await asConfigMap(entries) : entries, folder);
  return folder;
}

async function hasLinkedFolder(path: string): Promise<boolean> {
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const to = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (to?.isDirectory() === true) return true;
  }
  return false;
}

/** Every file of a profile's folder; links as what they lead to, within the folder. */
export async function readTree(folder: string): Promise<ArchiveEntry[]> {
  return read(await realpath(folder), folder);
}

/** Names of keys stand for paths, and a single archive for a profile, wherever a ConfigMap is read. */
async function asConfigMap(entries: ArchiveEntry[]): Promise<ArchiveEntry[]> {
  const [first, second] = entries;
  if (first?.kind === 'file' && second === undefined && /\.(?:tar|tar\.gz|tgz|zip)$/.test(first.path))
    return readArchive(first.bytes);
  return entries.map(entry => (entry.path.includes('/') ? entry : { ...entry, path: toPath(entry.path) }));
}

async function read(root: string, folder: string): Promise<ArchiveEntry[]> {
  const allowance = new Allowance(limits.bytes);
  const entries: ArchiveEntry[] = [];
  const visit = async (directory: string, below: string[]): Promise<void> => {
    if (below.length > limits.depth) throw refuse(`${directory} is more than ${limits.depth} folders deep`);
    for (const name of await readdir(directory)) {
      if (name === '.git') continue;
      const path = join(directory, name);
      await requireInside(root, path);
      const found = await stat(path);
      allowance.take(found.isFile() ? found.size : 0);
      if (found.isDirectory()) await visit(path, [...below, name]);
      else if (found.isFile())
        entries.push({ kind: 'file', path: [...below, name].join('/'), bytes: await readFile(path) });
      else throw refuse(`${path} is neither file nor folder`);
    }
  };
  await visit(folder, []);
  return entries;
}

async function requireInside(root: string, path: string): Promise<void> {
  const target = await realpath(path).catch(() => '');
  if (!`${target}${sep}`.startsWith(`${root}${sep}`)) throw refuse(`The link ${path} leads out of the profile`);
}

const refuse = (why: string) => new ScanError('PROFILE_REFUSED', why);
