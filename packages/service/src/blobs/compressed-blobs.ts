// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { isScanError, ScanError, toMessage } from '@cinc-scan/core';
import type { BlobPlace, Draft } from './blob-place.ts';
import type { Blobs, Kept } from './blobs.ts';
import { checkedStream, digestOf, Measured, readWhole } from './checked-stream.ts';

/** Blobs compressed, named by what they hold. */
export class CompressedBlobs implements Blobs {
  private readonly place: BlobPlace;

  constructor(place: BlobPlace) {
    this.place = place;
  }

  async put(bytes: Buffer): Promise<string> {
    const digest = digestOf(bytes);
    if (await this.guarded(() => this.place.has(nameOf(digest)))) return digest;
    return (await this.putStream(Readable.from([bytes], { objectMode: false }))).digest;
  }

  async putStream(content: AsyncIterable<Uint8Array>): Promise<Kept> {
    const path = join(this.place.draftFolder, `draft-${randomUUID()}`);
    return this.guarded(async () => {
      try {
        await mkdir(this.place.draftFolder, { recursive: true, mode: 0o700 });
        const { kept, draft } = await writeDraft(path, content);
        const name = nameOf(kept.digest);
        if (!(await this.place.has(name))) await this.place.put(name, draft);
        return kept;
      } finally {
        await rm(path, { force: true });
      }
    });
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isScanError(error)) throw error; // of the place, or of the source of the content
      const { address } = this.place;
      throw new ScanError('SERVICE_DATA', `Content cannot be kept in ${address}: ${toMessage(error)}`, {
        cause: error,
      });
    }
  }

  async get(digest: string): Promise<Buffer> {
    return readWhole(digest, await this.getStream(digest));
  }

  async getStream(digest: string): Promise<Readable> {
    const compressed = await this.place.get(nameOf(digest));
    return checkedStream(digest, through(compressed, createZstdDecompress()));
  }

  async delete(digest: string): Promise<void> {
    await this.place.delete(nameOf(digest));
  }
}

function nameOf(digest: string): string {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new ScanError('SERVICE_DATA', 'A digest of content is malformed');
  return `${digest.slice(0, 2)}/${digest}.zst`;
}

/** An error of the first is one of the second, which whoever reads it meets. */
function through(source: AsyncIterable<Uint8Array>, transform: Transform): Transform {
  pipeline(source, transform).catch(() => undefined);
  return transform;
}

async function writeDraft(path: string, content: AsyncIterable<Uint8Array>): Promise<{ kept: Kept; draft: Draft }> {
  await using file = await open(path, 'wx', 0o600);
  const whole = new Measured(content);
  const { digest: sha256, bytes } = await pipeline(
    whole.pieces(),
    createZstdCompress(),
    async (compressed: AsyncIterable<Buffer>) => {
      const measured = new Measured(compressed);
      await file.writeFile(measured.pieces());
      return measured.finish();
    },
  );
  await file.sync();
  return { kept: whole.finish(), draft: { path, bytes, sha256 } };
}
