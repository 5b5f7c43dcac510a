// SPDX-License-Identifier: Apache-2.0
// What a run left in its folder, on its way to where it is kept. The folder was in the hands of profile code.
import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { isScanError, ScanError, toMessage } from '@cinc-scan/core';
import type { Kept } from '../blobs/blobs.ts';
import type { KeptReport } from '../queue/attempts.ts';
import type { LeftReport } from '../results/write-results.ts';

export type Keep = (content: AsyncIterable<Uint8Array>) => Promise<Kept>;

/** Of all reports of one run. */
const usualMost = 1024 * 1_048_576;

/** Keeps each report as it is read, so that none has to be held. Throws SERVICE_DATA for what is not a file of the folder. */
export async function keepReports(
  folder: string,
  left: readonly LeftReport[],
  { keep, mostBytes = usualMost }: { keep: Keep; mostBytes?: number },
): Promise<KeptReport[]> {
  const room: Room = { bytes: mostBytes };
  const keepOne = async ({ file, kind }: LeftReport): Promise<KeptReport> => {
    await using handle = await openWithin(folder, file);
    const { digest: blob, bytes } = await keep(bounded(handle, room));
    return { file: normalize(file), kind, blob, bytes };
  };
  return inOrder(left, keepOne);
}

/** What is left for all reports together. */
interface Room {
  bytes: number;
}

/** A disk has one written while it makes sure of another. */
const atOnce = 4;

/** Some at a time; none is begun any more once one has failed, and nothing goes on afterwards. */
async function inOrder<From, To>(all: readonly From[], work: (each: From) => Promise<To>): Promise<To[]> {
  const done: To[] = [];
  const failures: unknown[] = [];
  const waiting = all.entries();
  const line = async () => {
    for (const [index, each] of waiting) {
      if (failures.length > 0) return;
      await work(each).then(
        made => void (done[index] = made),
        (error: unknown) => void failures.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, line));
  if (failures.length > 0) throw failures[0];
  return done;
}

/** Opened first and looked at then: what it is cannot change any more. */
async function openWithin(folder: string, file: string): Promise<FileHandle> {
  const name = normalize(file);
  try {
    if (name.startsWith(`..${sep}`) || name === '..') throw new Error('it lies outside the folder of its run');
    const path = join(await realpath(folder), name);
    if ((await realpath(path)) !== path) throw new Error('a link leads to it');
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    throw new Error('it is not a file');
  } catch (error) {
    throw new ScanError('SERVICE_DATA', `The report ${name} of the run cannot be kept: ${toMessage(error)}`, {
      cause: error,
    });
  }
}

async function* bounded(handle: FileHandle, room: Room): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of handle.createReadStream({ autoClose: false })) {
      if (!Buffer.isBuffer(piece)) continue;
      room.bytes -= piece.length;
      if (room.bytes < 0)
        throw new ScanError('SERVICE_DATA', 'The reports of the run are larger than the service keeps');
      yield piece;
    }
  } catch (error) {
    if (isScanError(error)) throw error;
    throw new ScanError('SERVICE_DATA', `A report of the run cannot be read: ${toMessage(error)}`, { cause: error });
  }
}
