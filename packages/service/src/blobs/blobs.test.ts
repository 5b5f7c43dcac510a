// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, expect, test } from '@jest/globals';
import { digestOf } from './checked-stream.ts';
import { CompressedBlobs } from './compressed-blobs.ts';
import { FolderPlace } from './folder-place.ts';

const folder = mkdtempSync(join(tmpdir(), 'cst-blobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const blobs = new CompressedBlobs(new FolderPlace(folder));
const pathOf = (digest: string) => join(folder, digest.slice(0, 2), `${digest}.zst`);
const large = randomBytes(5 * 1_048_576);

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a line', Buffer.from('{"a":1}\n')],
  ['more than is held', large],
])('%s is kept once, whole or in pieces, and is given whole or in pieces', async (_, bytes) => {
  const digest = digestOf(bytes);
  expect(await blobs.putStream(inPieces(bytes, 70_000))).toEqual({ digest, bytes: bytes.length });
  const { mtimeMs } = statSync(pathOf(digest));
  expect(await blobs.put(bytes)).toBe(digest);
  expect(statSync(pathOf(digest)).mtimeMs).toBe(mtimeMs);
  expect((await blobs.get(digest)).equals(bytes)).toBe(true);
  expect((await buffer(await blobs.getStream(digest))).equals(bytes)).toBe(true);
});

test('what breaks on its way in leaves nothing', async () => {
  const broken = async function* () {
    yield randomBytes(100_000);
    throw new Error('the source went away');
  };
  await expect(blobs.putStream(broken())).rejects.toMatchObject({ code: 'SERVICE_DATA' });
  expect(readdirSync(folder).filter(name => name.startsWith('draft'))).toEqual([]);
});

test('a name that is not a digest reaches no file', async () => {
  await expect(blobs.getStream('../../etc/passwd')).rejects.toMatchObject({ code: 'SERVICE_DATA' });
  await expect(blobs.delete('..')).rejects.toMatchObject({ code: 'SERVICE_DATA' });
});

const changes: [how: string, change: (path: string) => void][] = [
  ['is gone', path => rmSync(path)],
  ['is cut off', path => truncateSync(path, Math.floor(statSync(path).size / 2))],
  ['is not compressed', path => writeFileSync(path, 'plain')],
  [
    'has another last byte',
    path => {
      const bytes = zstdDecompressSync(readFileSync(path));
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      writeFileSync(path, zstdCompressSync(bytes));
    },
  ],
];

test.each(changes)('a small content that %s is given to nobody', async (_, change) => {
  const digest = await blobs.put(randomBytes(1000));
  change(pathOf(digest));
  await expect(blobs.get(digest)).rejects.toMatchObject({ code: 'SERVICE_DATA' });
  await expect(blobs.getStream(digest)).rejects.toMatchObject({ code: 'SERVICE_DATA' });
});

test.each(changes)('a large content that %s ends in an error before its end', async (_, change) => {
  const bytes = randomBytes(4 * 1_048_576);
  const digest = await blobs.put(bytes);
  change(pathOf(digest));
  let given = 0;
  const read = async () => {
    for await (const piece of await blobs.getStream(digest)) given += (piece as Buffer).length;
  };
  await expect(read()).rejects.toMatchObject({ code: 'SERVICE_DATA' });
  expect(given).toBeLessThan(bytes.length);
});
