// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';

export interface Kept {
  /** SHA-256 of the content. */
  digest: string;
  bytes: number;
}

/** Content by its SHA-256. */
export interface Blobs {
  /** Keeps content and gives its digest. What is there already is not written again. Throws SERVICE_DATA. */
  put(bytes: Buffer): Promise<string>;
  /** The same of content that is too large to be held. */
  putStream(content: AsyncIterable<Uint8Array>): Promise<Kept>;
  /** Throws SERVICE_DATA where it is gone or is not what it was. */
  get(digest: string): Promise<Buffer>;
  /**
   * The same of content that is too large to be held. What can be known from its beginning is thrown; where it turns out
   * later that it is not what it was, the stream ends in an error before its last piece.
   */
  getStream(digest: string): Promise<Readable>;
  delete(digest: string): Promise<void>;
  has(digest: string): Promise<boolean>;
  /** When it was put; undefined where it is not there. */
  dateOf(digest: string): Promise<Date | undefined>;
  /** Digests that begin with two digits. */
  list(shard: string): Promise<string[]>;
  /** Deletes what processes of this machine left that ended while they put something. */
  tidy(): Promise<void>;
}
