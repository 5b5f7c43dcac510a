// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { lstat, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ScanError, toMessage } from '../errors/index.ts';
import { isInside } from '../store/index.ts';
import { manifestFile, readManifest } from './read-manifest.ts';

/**
 * Deletes the files that an earlier run left in the output folder, so that the folder holds what this run says and
 * nothing that looks like it. Only what that run's manifest lists, as it listed it: the manifest may come from a
 * checkout, and names nothing else of the user's.
 */
export async function removeEarlierRun({
  outputDir,
  workspace,
}: {
  outputDir: string;
  workspace: string;
}): Promise<void> {
  const folder = resolve(workspace, outputDir);
  const manifest = readManifest(folder);
  // What a manifest of any version lists is of that run, whether or not the rest of it can be read.
  const listing = manifest === undefined || manifest.kind === 'stranger' ? undefined : manifest.listing;
  if (listing === undefined) return;
  try {
    for (const { path, sha256 } of listing.reports) await removeListed(resolve(workspace, path), { folder, sha256 });
    // The outputs are written after the manifest, which therefore cannot list them.
    for (const name of ['outputs.json', manifestFile]) await rm(join(folder, name), { force: true });
  } catch (error) {
    const message = `The files of an earlier run in ${folder} cannot be removed: ${toMessage(error)}`;
    throw new ScanError('OUTPUT_UNWRITABLE', message, { cause: error });
  }
}

async function removeListed(path: string, { folder, sha256 }: { folder: string; sha256: string }): Promise<void> {
  if (!isInside(path, folder)) return;
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() !== true) return;
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (digest === sha256) await rm(path);
}
