// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { toMessage } from '../errors/index.ts';

export type ReadBytes = { kind: 'bytes'; bytes: Buffer } | { kind: 'unreadable'; problem: string; isMissing: boolean };

/** Of a file of results: more than any string of this runtime can hold would fail later, and less clearly. */
export const mostResultBytes = 400 * 1_048_576;

const chunkBytes = 1_048_576;

/** The bytes of a file or pipe, never more than the limit: a device would not end. */
export function readBounded(path: string, limit: number): ReadBytes {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    // By its code: an error of another realm (a test's, a worker's) is no instance of this one's Error.
    const isMissing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
    return unreadable(isMissing ? 'there is no such file' : toMessage(error), isMissing);
  }
  try {
    if (fstatSync(file).isDirectory()) return unreadable('it is a directory');
    return readOpen(file, limit);
  } catch (error) {
    return unreadable(toMessage(error));
  } finally {
    closeSync(file);
  }
}

function readOpen(file: number, limit: number): ReadBytes {
  const chunks: Buffer[] = [];
  for (let size = 0; ; ) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const read = readSync(file, chunk);
    if (read === 0) return { kind: 'bytes', bytes: Buffer.concat(chunks) };
    size += read;
    if (size > limit) return unreadable(`larger than ${limit} bytes`);
    chunks.push(chunk.subarray(0, read));
  }
}

const unreadable = (problem: string, isMissing = false): ReadBytes => ({ kind: 'unreadable', problem, isMissing });
