// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { describeProfile, type Engine } from '../engine/index.ts';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import type { ProfileRef } from './profile-ref.ts';

/** A profile that was read, and is ready to be run as often as needed. */
export interface PreparedProfile {
  ref: ProfileRef;
  path: string;
  /** File with what InSpec says of the profile. */
  description: string;
  controlIds: string[];
}

const description = z.object({
  name: z.string(),
  version: z.string().nullish(),
  controls: z.array(z.object({ id: z.string() })),
});

/** Checks and reads a profile before anything is made in the cluster. */
export async function prepareProfile(engine: Engine, scratch: string, source: string): Promise<PreparedProfile> {
  const path = resolve(source);
  const sha256 = await digest(path, source);
  let text: string;
  let file: string;
  try {
    ({ text, file } = await describeProfile(engine, scratch, path));
  } catch (error) {
    if (!isScanError(error) || error.code !== 'ENGINE_FAILED') throw error;
    throw new ScanError('PROFILE_INVALID', `Profile ${source} cannot be read: ${toMessage(error)}`, { cause: error });
  }
  const { name, version, controls } = description.parse(JSON.parse(text));
  if (controls.length === 0) throw new ScanError('PROFILE_INVALID', `Profile ${source} has no controls`);
  const ref = { name, version: version ?? undefined, source, sha256 };
  return { ref, path, description: file, controlIds: controls.map(({ id }) => id) };
}

async function digest(path: string, source: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    const found = await lstat(path);
    if (found.isDirectory()) await lstat(join(path, 'inspec.yml'));
    if (found.isDirectory()) await hashTree(hash, path, path);
    else await hashFile(hash, path, basename(path));
  } catch (error) {
    throw new ScanError('PROFILE_MISSING', `There is no profile at ${source}: ${toMessage(error)}`, { cause: error });
  }
  return hash.digest('hex');
}

/** Names, kinds and contents in a fixed order, so that equal trees have equal digests everywhere. */
async function hashTree(hash: Hash, root: string, directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.name === '.git') continue;
    if (entry.isDirectory()) await hashTree(hash, root, path);
    else if (entry.isSymbolicLink()) hash.update(`link ${relative(root, path)}\0${await readlink(path)}\0`);
    else await hashFile(hash, path, relative(root, path));
  }
}

async function hashFile(hash: Hash, path: string, name: string): Promise<void> {
  hash.update(`file ${name}\0`);
  await pipeline(createReadStream(path), async chunks => {
    for await (const chunk of chunks) if (Buffer.isBuffer(chunk)) hash.update(chunk);
  });
  hash.update('\0');
}
