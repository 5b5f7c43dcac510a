// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';

/** No row is longer; what is was not written by us. */
const longestLine = 64 * 1_048_576;
const lineEnd = 0x0a;

/** Lines and runs of bytes from a stream, with the digest of all that was read so far. */
export class ByteReader {
  private readonly source: AsyncIterator<Uint8Array, undefined>;
  private readonly hash = createHash('sha256');
  private rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array, undefined>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Of all until now; the reader goes on. */
  digest(): Hash {
    return this.hash.copy();
  }

  /** Without its end; undefined where nothing follows. A line that has no end is cut off. */
  async line(): Promise<string | undefined> {
    const parts: Buffer[] = [];
    for (let length = 0; ; ) {
      if (this.rest.length === 0 && !(await this.fill())) {
        if (length === 0) return undefined;
        throw new Error('it is cut off');
      }
      const at = this.rest.indexOf(lineEnd);
      const part = this.take(at === -1 ? this.rest.length : at + 1);
      parts.push(part);
      length += part.length;
      if (at !== -1) return Buffer.concat(parts, length).toString('utf8', 0, length - 1);
      if (length > longestLine) throw new Error('it has a line that is too long');
    }
  }

  /** Exactly so many. */
  async *bytes(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.rest.length === 0 && !(await this.fill())) throw new Error('it is cut off');
      const part = this.take(Math.min(left, this.rest.length));
      left -= part.length;
      yield part;
    }
  }

  async requireLineEnd(): Promise<void> {
    if ((await this.line()) !== '') throw new Error('a content is not as long as it says');
  }

  async isOver(): Promise<boolean> {
    return this.rest.length === 0 && !(await this.fill());
  }

  private take(count: number): Buffer {
    const part = this.rest.subarray(0, count);
    this.rest = this.rest.subarray(count);
    this.hash.update(part);
    return part;
  }

  private async fill(): Promise<boolean> {
    for (;;) {
      const { value, done } = await this.source.next();
      if (done === true) return false;
      if (value.length === 0) continue;
      this.rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      return true;
    }
  }
}
