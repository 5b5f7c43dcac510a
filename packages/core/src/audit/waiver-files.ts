// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isForSome, renderWaivers, type WaiverFile, type WaiverTarget, waiversFor } from '../outcome/index.ts';

/** The files that the auditor gets for one audit. */
export interface WaiverFiles extends AsyncDisposable {
  paths: string[];
}

/**
 * Those that hold for every target as they are, the others written anew with what holds for this one: without the key
 * that says so, and not at all where nothing is left.
 */
export async function writeWaivers(
  files: readonly WaiverFile[],
  place: WaiverTarget,
  scratch: string,
): Promise<WaiverFiles> {
  const paths: string[] = [];
  let folder: string | undefined;
  for (const [index, each] of files.entries()) {
    const waivers = waiversFor(each, place);
    if (!isForSome(each)) paths.push(each.file);
    else if (waivers.length > 0) {
      folder ??= await mkdtemp(join(scratch, 'w'));
      const path = join(folder, `${index}.json`);
      await writeFile(path, renderWaivers(waivers));
      paths.push(path);
    }
  }
  const made = folder;
  return {
    paths,
    [Symbol.asyncDispose]: async () => {
      if (made !== undefined) await rm(made, { recursive: true, force: true });
    },
  };
}
