// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './command.ts';

/** The package beside this one that has the helper's sources. */
const helper = join(import.meta.dirname, '../../../lens-helper');
const script = join(helper, 'build.sh');

export async function buildLensHelper(out: string): Promise<void> {
  await runTool(script, [out]);
  await chmod(out, 0o755);
}

/** Of all that the helper is built from. */
export async function hashLensHelper(): Promise<string> {
  const sources = join(helper, 'src');
  const names = (await readdir(sources)).filter(name => /\.[ch]$/.test(name)).toSorted();
  const hash = createHash('sha256').update(await readFile(script));
  for (const name of names) {
    hash.update(`${name}\n`).update(await readFile(join(sources, name)));
  }
  return hash.digest('hex');
}
