// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { destinationOf, ScanError, type Secret, toMessage, writeInto } from '@cinc-scan/core';

/** Writes a secret to a file that only its owner can read, whole or not at all; a planted link is replaced, not followed. */
export async function writePrivateFile(path: string, text: Secret): Promise<void> {
  if ((await destinationOf(path)) === 'stream') return writeInto(path, text.reveal());
  const draft = join(dirname(path), `.cinc-scan-${randomBytes(8).toString('hex')}`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text.reveal());
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new ScanError('OUTPUT_UNWRITABLE', `${path} cannot be written: ${toMessage(error)}`, { cause: error });
  }
}
