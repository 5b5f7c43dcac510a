// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { isScanError, ScanError, toMessage } from '@cinc-scan/core';
import type { Blobs, Kept } from './blobs.ts';
import { checkedStream, digestOf, Measured, readWhole } from './checked-stream.ts';

/** Blobs as files, compressed, named by what they hold. */
export class FolderBlobs implements Blobs {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async put(bytes: Buffer): Promise<string> {
    const digest = digestOf(bytes);
    if (await isThere(this.pathOf(digest))) return digest;
    await this.putStream(Readable.from([bytes], { objectMode: false }));
    return digest;
  }

  /** Under another name first, and on the disk before it has its own: what has the name is whole, also after a power cut. */
  async putStream(content: AsyncIterable<Uint8Array>): Promise<Kept> {
    const draft = join(this.folder, `draft-${randomUUID()}`);
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      const kept = await writeFile(draft, content);
      await this.place(draft, kept.digest);
      return kept;
    } catch (error) {
      if (isScanError(error)) throw error; // of the content's own source
      throw new ScanError('SERVICE_DATA', `Content cannot be kept in ${this.folder}: ${toMessage(error)}`, {
        cause: error,
      });
    } finally {
      await rm(draft, { force: true });
    }
  }

  private async place(draft: string, digest: string): Promise<void> {
    const path = this.pathOf(digest);
    if (await isThere(path)) return;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(draft, path);
    await syncFolder(dirname(path));
  }

  async get(digest: string): Promise<Buffer> {
    return readWhole(digest, await this.getStream(digest));
  }

  async getStream(digest: string): Promise<Readable> {
    return checkedStream(digest, through(createReadStream(this.pathOf(digest)), createZstdDecompress()));
  }

  async delete(digest: string): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
  }

  private pathOf(digest: string): string {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new ScanError('SERVICE_DATA', 'A digest of content is malformed');
    return join(this.folder, digest.slice(0, 2), `${digest}.zst`);
  }
}

/** Without it a name may be gone after a power cut whose row is there. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

const isThere = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** An error of the first is one of the second, which whoever reads it meets. */
function through(source: Readable, transform: Transform): Transform {
  pipeline(source, transform).catch(() => undefined);
  return transform;
}

async function writeFile(path: string, content: AsyncIterable<Uint8Array>): Promise<Kept> {
  await using file = await open(path, 'wx', 0o600);
  const measured = new Measured(content);
  await pipeline(measured.pieces(), createZstdCompress(), compressed => file.writeFile(compressed));
  await file.sync();
  return measured.finish();
}
