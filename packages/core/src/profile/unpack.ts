// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ScanError } from '../errors/index.ts';
import { type ArchiveEntry, limits, mostUnpacked, refuseArchive } from './entries.ts';
import { readTar } from './tar.ts';
import { readZip } from './zip.ts';

const inflate = promisify(gunzip);

/** Reads an archive by what it is, not by what it is called: tar, tar.gz or zip. */
export async function readArchive(bytes: Buffer): Promise<ArchiveEntry[]> {
  if (bytes.length > limits.packedBytes) throw refuseArchive(`it is larger than ${limits.packedBytes} bytes`);
  const most = mostUnpacked(bytes.length);
  if (bytes.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b]))) return readTar(await gunzipped(bytes, most), most);
  if (bytes.subarray(0, 2).toString('latin1') === 'PK') return readZip(bytes, most);
  if (bytes.subarray(257, 262).toString('latin1') === 'ustar') return readTar(bytes, limits.bytes);
  throw new ScanError('PROFILE_INVALID', 'it is not an archive (tar, tar.gz or zip)');
}

async function gunzipped(bytes: Buffer, most: number): Promise<Buffer> {
  try {
    // Of a tar file, a member of one byte takes a kilobyte.
    return await inflate(bytes, { maxOutputLength: most + limits.entries * 1024 });
  } catch (error) {
    // By its code: an error of another realm is no instance of this one's Error.
    const isTooLarge =
      typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw refuseArchive(isTooLarge ? `it unpacks to more than ${most} bytes` : 'it is damaged', error);
  }
}

/** Writes members below an empty folder: files and folders only, links as the files they lead to. */
export async function writeEntries(entries: ArchiveEntry[], root: string): Promise<void> {
  const files = toFiles(entries);
  const folders = new Set(entries.flatMap(({ kind, path }) => (kind === 'folder' ? [path] : [])));
  for (const path of folders) await mkdir(join(root, path), { recursive: true, mode: 0o700 });
  for (const [path, bytes] of files) {
    await mkdir(join(root, dirname(path)), { recursive: true, mode: 0o700 });
    // `wx`: nothing is ever written through something that is there.
    await writeFile(join(root, path), bytes, { flag: 'wx', mode: 0o600 });
  }
}

function toFiles(entries: ArchiveEntry[]): Map<string, Buffer> {
  refuseClashes(entries);
  const files = new Map(entries.flatMap(each => (each.kind === 'file' ? [[each.path, each.bytes] as const] : [])));
  for (const entry of entries)
    if (entry.kind === 'link')
      for (const [name, content] of followed(entry.path, entry.to, files)) files.set(name, content);
  const bytes = [...files.values()].reduce((sum, content) => sum + content.length, 0);
  if (bytes > limits.bytes || files.size > limits.entries) throw refuseArchive('its links make it too large');
  return files;
}

/** Of two members with one name nobody knows which was meant. */
function refuseClashes(entries: ArchiveEntry[]): void {
  const seen = new Set<string>();
  const folders = new Set<string>();
  for (const { kind, path } of entries) {
    if (kind === 'folder') folders.add(path);
    else if (seen.size === seen.add(path).size) throw refuseArchive(`${JSON.stringify(path)} is in it twice`);
    for (let up = posix.dirname(path); up !== '.'; up = posix.dirname(up)) folders.add(up);
  }
  const both = [...seen].find(path => folders.has(path));
  if (both !== undefined) throw refuseArchive(`${JSON.stringify(both)} is a file and a folder`);
}

/** The files that a link leads to, by its words alone: no file system is asked. */
function followed(path: string, to: string, files: Map<string, Buffer>): [path: string, bytes: Buffer][] {
  const target = posix.normalize(posix.join(posix.dirname(path), to)).replace(/\/$/, '');
  if (to.startsWith('/') || to.includes('\\') || target === '..' || target.startsWith('../'))
    throw refuseArchive(`the link ${JSON.stringify(path)} leads out of it`);
  const content = files.get(target);
  if (content !== undefined) return [[path, content]];
  const below = [...files].filter(([name]) => name.startsWith(`${target}/`) && !name.startsWith(`${path}/`));
  if (below.length === 0) throw refuseArchive(`the link ${JSON.stringify(path)} leads to nothing in it`);
  return below.map(([name, bytes]) => [`${path}${name.slice(target.length)}`, bytes]);
}
