// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ScanError, toMessage } from '../errors/index.ts';
import { mostResultBytes } from '../request/index.ts';

/** What the engine says of the file with its result. */
export interface ResultMark {
  sha256: string;
  bytes: number;
}

/**
 * The result that the engine vouched for. A profile may have put something else in its place: a link to a file of ours, a pipe
 * that never ends, a device.
 */
export async function readResult(path: string, mark: ResultMark): Promise<string> {
  const bytes = await readFileOnly(path, mark.bytes);
  if (createHash('sha256').update(bytes).digest('hex') !== mark.sha256)
    throw new ScanError('ENGINE_CRASHED', 'The result of the engine is not the one it vouched for');
  return bytes.toString('utf8');
}

async function readFileOnly(path: string, size: number): Promise<Buffer> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) throw new Error('it is not a file');
    if (found.size !== size || size > mostResultBytes)
      throw new Error(`it has ${found.size} bytes, and ${size} were told`);
    return await file.readFile();
  } catch (error) {
    throw new ScanError('ENGINE_CRASHED', `The result of the engine cannot be read: ${toMessage(error)}`, {
      cause: error,
    });
  }
}
