// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readlink, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ScanError } from '../errors/index.ts';

/** SHA-256 of names, kinds and contents in a fixed order, so that equal trees have equal digests everywhere. */
export async function digestTree(root: string): Promise<string> {
  const hash = createHash('sha256');
  const real = await realpath(root);
  await hashTree(hash, real, real);
  return hash.digest('hex');
}

async function hashTree(hash: Hash, root: string, directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.name === '.git') continue;
    if (entry.isDirectory()) await hashTree(hash, root, path);
    else if (entry.isSymbolicLink()) await hashLink(hash, root, path);
    else if (entry.isFile()) await hashFile(hash, path, nameIn(root, path));
    else throw new ScanError('PROFILE_REFUSED', `${path} is neither file nor folder`);
  }
}

const nameIn = (root: string, path: string) => relative(root, path).split(sep).join('/');

/** What lies elsewhere is in no digest: a profile whose files lead out of it would be another one tomorrow. */
async function hashLink(hash: Hash, root: string, path: string): Promise<void> {
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined || !(target + sep).startsWith(root + sep))
    throw new ScanError('PROFILE_REFUSED', `The link ${path} leads out of the profile`);
  hash.update(`link ${nameIn(root, path)}\0${await readlink(path)}\0`);
}

async function hashFile(hash: Hash, path: string, name: string): Promise<void> {
  hash.update(`file ${name}\0`);
  await pipeline(createReadStream(path), async chunks => {
    for await (const chunk of chunks) if (Buffer.isBuffer(chunk)) hash.update(chunk);
  });
  hash.update('\0');
}
