// SPDX-License-Identifier: Apache-2.0
import { open, rename, rm } from 'node:fs/promises';
import { isScanError, ScanError, toMessage } from '@cinc-scan/core';

type Sink = (pieces: AsyncIterable<Buffer>) => Promise<void>;

/**
 * What has the name is whole and on the disk; it is for its user alone, as the data folder is. `write` is given where the bytes lie
 * until then.
 */
export async function writeWhole<T>(path: string, write: (sink: Sink, draft: string) => Promise<T>): Promise<T> {
  const draft = `${path}.${process.pid}.part`;
  try {
    const made = await write(async pieces => {
      await using file = await open(draft, 'wx', 0o600);
      await file.writeFile(pieces);
      await file.sync();
    }, draft);
    await rename(draft, path);
    return made;
  } catch (error) {
    if (isScanError(error)) throw error;
    throw new ScanError('OUTPUT_UNWRITABLE', `Cannot write ${path}: ${toMessage(error)}`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
}
