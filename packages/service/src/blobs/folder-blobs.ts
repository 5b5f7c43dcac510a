// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { ScanError, toMessage } from '@cinc-scan/core';
import type { Blobs } from './blobs.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const mostBytes = 256 * 1_048_576;

/** Blobs as files, compressed, named by what they hold. */
export class FolderBlobs implements Blobs {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async put(bytes: Buffer): Promise<string> {
    const digest = digestOf(bytes);
    const path = this.pathOf(digest);
    try {
      if (await isThere(path)) return digest;
      await writeWhole(path, await compress(bytes));
      return digest;
    } catch (error) {
      throw new ScanError('SERVICE_DATA', `Content cannot be kept in ${this.folder}: ${toMessage(error)}`, {
        cause: error,
      });
    }
  }

  async get(digest: string): Promise<Buffer> {
    const bytes = await this.read(digest);
    if (digestOf(bytes) === digest) return bytes;
    throw new ScanError('SERVICE_DATA', `Content ${digest} is not what it was when it was kept`);
  }

  async delete(digest: string): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
  }

  private async read(digest: string): Promise<Buffer> {
    try {
      return await decompress(await readFile(this.pathOf(digest)), { maxOutputLength: mostBytes });
    } catch (error) {
      throw new ScanError('SERVICE_DATA', `Content ${digest} cannot be read: ${toMessage(error)}`, { cause: error });
    }
  }

  private pathOf(digest: string): string {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new ScanError('SERVICE_DATA', 'A digest of content is malformed');
    return join(this.folder, digest.slice(0, 2), `${digest}.zst`);
  }
}

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const isThere = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Under another name first, and on the disk before it has its own: what has the name is whole, also after a power cut. */
async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
