// SPDX-License-Identifier: Apache-2.0
import { constants, type Stats } from 'node:fs';
import { lstat, open, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ScanError } from '../errors/index.ts';

/**
 * Where a file is written: `file` is made, or replaced if it is a regular file or a link; `stream` is something that must
 * stay what it is, such as /dev/null, /dev/stdout or a pipe, and is written into. Everything else is refused.
 */
export async function destinationOf(path: string): Promise<'file' | 'stream'> {
  const own = await lstat(path).catch(() => undefined);
  if (own === undefined) return 'file';
  // /dev/stdout and its like are links to what the process has open. Links elsewhere are replaced, never followed.
  if (own.isSymbolicLink()) return isOfSystem(path) ? 'stream' : 'file';
  if (own.isFile()) return 'file';
  if (own.isCharacterDevice() || own.isFIFO()) return 'stream';
  throw new ScanError('OUTPUT_UNWRITABLE', `Cannot write ${path}: it is ${kindOf(own)}`, {
    remedy: 'Name a file. A folder is named with a slash at its end.',
  });
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  return found.isSocket() ? 'a socket' : 'a block device';
}

const isOfSystem = (path: string) => /^\/(?:dev|proc)\//.test(resolve(path));

const blockSize = 1_048_576;

/** Pieces put together, so that a file of many short ones is not written one by one. */
export function* inBlocks(pieces: Iterable<string>): Iterable<string> {
  let block: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    block.push(piece);
    length += piece.length;
    if (length < blockSize) continue;
    yield block.join('');
    block = [];
    length = 0;
  }
  yield block.join('');
}

/** Writes into what is there. A pipe that nobody reads is an error, not a reason to wait. */
export async function writeInto(path: string, text: string | Iterable<string>): Promise<void> {
  const probe = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  try {
    await writeFile(path, typeof text === 'string' ? text : inBlocks(text), { flag: 'a' });
  } finally {
    await probe.close();
  }
}
