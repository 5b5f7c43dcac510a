// SPDX-License-Identifier: Apache-2.0
// An archive in the ustar format, a file after the other: names are short and sizes are known, so it needs none of its extensions.
import { ByteReader } from '../backup/byte-reader.ts';

export interface TarFile {
  name: string;
  bytes: number;
  content: AsyncIterable<Uint8Array>;
}

const block = 512;
const padding = (bytes: number): Buffer => Buffer.alloc((block - (bytes % block)) % block);

function header(name: string, bytes: number): Buffer {
  const head = Buffer.alloc(block);
  head.write(name, 0, 100);
  head.write('0000600\0', 100);
  head.write('0000000\0', 108);
  head.write('0000000\0', 116);
  head.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  head.write('00000000000\0', 136);
  head.fill(' ', 148, 156);
  head.write('0', 156);
  head.write('ustar\x0000', 257);
  head.write(`${sumOf(head).toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}

const sumOf = (head: Buffer): number => head.reduce((sum, byte) => sum + byte, 0);

/** Throws where a file is not as long as it says: nothing that follows would be read as what it is. */
export async function* tarPieces(files: AsyncIterable<TarFile>): AsyncGenerator<Uint8Array> {
  for await (const { name, bytes, content } of files) {
    yield header(name, bytes);
    let length = 0;
    for await (const piece of content) {
      length += piece.length;
      yield piece;
    }
    if (length !== bytes) throw new Error(`${name} is not of the size recorded`);
    yield padding(bytes);
  }
  yield Buffer.alloc(2 * block);
}

const octal = (field: Buffer): number => {
  const text = field.toString('latin1').replace(/[\0 ]+$/, '');
  return /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
};

/** Of what `tarPieces` writes, and nothing else. The content of a file has to be read before the next one is asked for. */
export async function* readTar(source: AsyncIterable<Uint8Array, undefined>): AsyncGenerator<TarFile> {
  const reader = new ByteReader(source);
  for (;;) {
    const head = await whole(reader.bytes(block));
    if (head.every(byte => byte === 0)) break;
    const { name, bytes } = readHeader(head);
    yield { name, bytes, content: reader.bytes(bytes) };
    await whole(reader.bytes(padding(bytes).length));
  }
  const end = await whole(reader.bytes(block));
  if (end.some(byte => byte !== 0) || !(await reader.isOver())) throw new Error('something follows its end');
}

function readHeader(head: Buffer): { name: string; bytes: number } {
  const name = head.subarray(0, 100).toString('latin1').replace(/\0+$/, '');
  const bytes = octal(head.subarray(124, 136));
  const sum = octal(head.subarray(148, 156));
  const blank = Buffer.from(head).fill(' ', 148, 156);
  const isOurs = head.toString('latin1', 257, 262) === 'ustar' && head[156] === 0x30;
  if (isOurs && !Number.isNaN(bytes) && sumOf(blank) === sum) return { name, bytes };
  throw new Error('it holds something else than files of an export');
}

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}
