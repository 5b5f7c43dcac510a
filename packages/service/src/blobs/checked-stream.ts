// SPDX-License-Identifier: Apache-2.0
// Content on its way in and out, held against its digest.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ScanError, toMessage } from '@cinc-scan/core';
import type { Kept } from './blobs.ts';

/** The pieces of a content as they come; afterwards its digest and size. */
export class Measured {
  private readonly hash = createHash('sha256');
  private readonly source: AsyncIterable<Uint8Array>;
  private bytes = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.source) {
      this.hash.update(piece);
      this.bytes += piece.length;
      yield piece;
    }
  }

  /** Once, after the last piece. */
  finish(): Kept {
    return { digest: this.hash.digest('hex'), bytes: this.bytes };
  }
}

/** What is held before the first piece is given: a content that ends within is given whole or not at all. */
const heldBytes = 1_048_576;

/** A content as it is read, which is given only if it is the one of that digest. Throws SERVICE_DATA. */
export async function checkedStream(digest: string, source: AsyncIterable<Uint8Array>): Promise<Readable> {
  const pieces = checkedPieces(digest, source);
  const held: Uint8Array[] = [];
  let isOver = false;
  for (let bytes = 0; bytes < heldBytes && !isOver; ) {
    const { value, done } = await pieces.next();
    isOver = done === true;
    if (value !== undefined) {
      held.push(value);
      bytes += value.length;
    }
  }
  const all = async function* () {
    try {
      yield* held;
      if (!isOver) yield* pieces;
    } finally {
      await pieces.return(undefined); // a reader that goes away closes what is read from
    }
  };
  return Readable.from(all(), { objectMode: false });
}

/** One piece late, so that the last one is not given before the whole is known to be right. */
async function* checkedPieces(
  digest: string,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
  const measured = new Measured(readable(digest, source));
  let last: Uint8Array | undefined;
  for await (const piece of measured.pieces()) {
    if (last !== undefined) yield last;
    last = piece;
  }
  if (measured.finish().digest !== digest)
    throw new ScanError('SERVICE_DATA', `Content ${digest} is not what it was when it was kept`);
  if (last !== undefined) yield last;
  return undefined;
}

async function* readable(digest: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    throw new ScanError('SERVICE_DATA', `Content ${digest} cannot be read: ${toMessage(error)}`, { cause: error });
  }
}

const mostHeldBytes = 256 * 1_048_576;

/** For content that a caller has to have in one piece. */
export async function readWhole(digest: string, content: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of content) {
    if (!Buffer.isBuffer(piece)) continue;
    bytes += piece.length;
    if (bytes > mostHeldBytes) throw new ScanError('SERVICE_DATA', `Content ${digest} is larger than is kept`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
