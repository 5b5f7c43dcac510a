// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { isScanError, ScanError, toMessage } from '@cinc-scan/core';
import type { BlobPlace, Draft } from './blob-place.ts';
import type { Blobs, Kept } from './blobs.ts';
import { checkedStream, digestOf, Measured, readWhole } from './checked-stream.ts';

const draftPrefix = 'draft-';

/** Longer than it takes to write one. */
const draftMs = 86_400_000;

/** Blobs compressed, named by what they hold. */
export class CompressedBlobs implements Blobs {
  private readonly place: BlobPlace;

  constructor(place: BlobPlace) {
    this.place = place;
  }

  async put(bytes: Buffer): Promise<string> {
    const digest = digestOf(bytes);
    if (await this.has(digest)) return digest;
    return (await this.putStream(Readable.from([bytes], { objectMode: false }))).digest;
  }

  async putStream(content: AsyncIterable<Uint8Array>): Promise<Kept> {
    const path = join(this.place.draftFolder, `${draftPrefix}${randomUUID()}`);
    return this.guarded(async () => {
      try {
        await mkdir(this.place.draftFolder, { recursive: true, mode: 0o700 });
        const { kept, draft } = await writeDraft(path, content);
        if (!(await this.has(kept.digest))) await this.place.put(nameOf(kept.digest), draft);
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

  async has(digest: string): Promise<boolean> {
    return (await this.dateOf(digest)) !== undefined;
  }

  async dateOf(digest: string): Promise<Date | undefined> {
    return this.place.dateOf(nameOf(digest));
  }

  async list(shard: string): Promise<string[]> {
    const names = await this.place.list(`${shard}/`);
    return names.flatMap(name => /^[0-9a-f]{2}\/([0-9a-f]{64})[.]zst$/.exec(name)?.[1] ?? []);
  }

  async tidy(): Promise<void> {
    const { draftFolder } = this.place;
    const drafts = (await readdir(draftFolder).catch(() => [])).filter(name => name.startsWith(draftPrefix));
    for (const name of drafts) {
      const path = join(draftFolder, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > draftMs) await rm(path, { force: true });
    }
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
