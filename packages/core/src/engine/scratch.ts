// SPDX-License-Identifier: Apache-2.0
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { ScanError, toMessage } from '../errors/index.ts';

// Linux takes 107 bytes for the path of a Unix socket (unix(7)), and macOS 103. The engine's is `jXXXXXX/s` in this folder.
const longest = 103 - '/jXXXXXX/s'.length;

/** A private folder for what a run needs while it lasts. */
export async function makeScratch(temporary: string): Promise<string> {
  const draft = join(temporary, 'cinc-scan-');
  if (Buffer.byteLength(draft) + 6 > longest)
    throw new ScanError(
      'SCRATCH_UNUSABLE',
      `The folder for temporary files has a path too long for a Unix socket: ${temporary}`,
    );
  try {
    return await mkdtemp(draft);
  } catch (error) {
    throw new ScanError('SCRATCH_UNUSABLE', `The folder for temporary files cannot be used: ${toMessage(error)}`, {
      cause: error,
    });
  }
}
