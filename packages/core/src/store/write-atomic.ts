// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { chmod, type FileHandle, lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ScanError, toScanError } from '../errors/index.ts';
import { destinationOf, inBlocks, writeInto } from './destination.ts';

/** A text, or its pieces where it is too long to be held. */
export type Contents = string | Iterable<string>;

const isBytes = (contents: Contents | Uint8Array): contents is Uint8Array => ArrayBuffer.isView(contents);

/** Replaces the file whole or not at all; a link planted under its name is replaced, never followed, a device is kept. */
export async function writeAtomic(path: string, text: Contents, workspace: string): Promise<void> {
  try {
    if ((await destinationOf(path)) === 'stream') return await writeInto(path, text);
    const folder = await makeFolder(dirname(resolve(path)), workspace);
    await placeFile(join(folder, basename(path)), text, { mode: 0o644, commit: rename });
  } catch (error) {
    throw toScanError(error, 'OUTPUT_UNWRITABLE', `Cannot write ${path}`);
  }
}

/** Finds out before the work whether files can be written there after it. */
export async function checkFolder(folder: string, workspace: string): Promise<void> {
  try {
    const made = await makeFolder(resolve(folder), workspace);
    const probe = join(made, `.${randomBytes(8).toString('hex')}.tmp`);
    await (await open(probe, 'wx', 0o644)).close();
    await rm(probe);
  } catch (error) {
    throw toScanError(error, 'OUTPUT_UNWRITABLE', `Cannot write into ${folder}`);
  }
}

/** Makes the folder; refuses one that lies in the workspace by its name and outside of it in truth. */
export async function makeFolder(folder: string, workspace: string): Promise<string> {
  const root = resolve(workspace);
  const guarded = isInside(folder, root);
  if (guarded) await refuseEscape(await existingPart(folder), root);
  const made = await mkdir(folder, { recursive: true, mode: 0o755 });
  if (made !== undefined) await openUp(made, folder);
  if (guarded) await refuseEscape(folder, root);
  return folder;
}

/** The process' umask may have closed what everyone may read. */
async function openUp(first: string, last: string): Promise<void> {
  for (let at = last; isInside(at, first); at = dirname(at)) await chmod(at, 0o755);
}

async function existingPart(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await lstat(at).catch(() => undefined);
    if (found !== undefined || at === dirname(at)) return at;
  }
}

async function refuseEscape(folder: string, root: string): Promise<void> {
  const [real, realRoot] = await Promise.all([realpath(folder), realpath(root)]);
  if (!isInside(real, realRoot))
    throw new ScanError('OUTPUT_UNWRITABLE', `The folder ${folder} leads out of the workspace through a link`);
}

export function isInside(path: string, root: string): boolean {
  const rest = relative(root, path);
  return rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}

export interface Placing<Placed> {
  mode: number;
  /** Gives the file, which is whole by then, its name; one that is left without is removed. */
  commit: (temporary: string, path: string) => Promise<Placed>;
}

export async function placeFile<Placed>(
  path: string,
  text: Contents | Uint8Array,
  { mode, commit }: Placing<Placed>,
): Promise<Placed> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(8).toString('hex')}.tmp`);
  // `wx` is O_EXCL: it neither follows a link nor reuses a file that someone put there.
  const file = await open(temporary, 'wx', mode);
  try {
    await fill(file, text, mode);
    return await commit(temporary, path);
  } catch (error) {
    throw toScanError(error, 'OUTPUT_UNWRITABLE', `Cannot write ${path}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function fill(file: FileHandle, text: Contents | Uint8Array, mode: number): Promise<void> {
  try {
    await file.chmod(mode);
    await file.writeFile(typeof text === 'string' || isBytes(text) ? text : inBlocks(text));
    await file.sync();
  } finally {
    await file.close();
  }
}
