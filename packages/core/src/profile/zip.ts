// SPDX-License-Identifier: Apache-2.0
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, as far as archives of text files need it.
import { crc32, inflateRawSync } from 'node:zlib';
import { Allowance, type ArchiveEntry, refuseArchive, safePath } from './entries.ts';

const signatures = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 };
const endBytes = 22;
const mostComment = 65_535;

interface Member {
  name: string;
  method: number;
  encrypted: boolean;
  /** Of the file, as Unix has it; 0 where another system made the archive. */
  mode: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

/** Members of a zip file, by its directory. What is neither file, folder nor symbolic link is refused. */
export function readZip(bytes: Buffer, mostBytes: number): ArchiveEntry[] {
  const allowance = new Allowance(mostBytes);
  return readDirectory(bytes).flatMap(member => {
    allowance.take(member.size);
    return toEntry(member, bytes);
  });
}

function readDirectory(bytes: Buffer): Member[] {
  const end = findEnd(bytes);
  const count = bytes.readUInt16LE(end + 10);
  const members: Member[] = [];
  let at = bytes.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== signatures.central) throw refuseArchive('it is damaged');
    const [name, extra, comment] = [28, 30, 32].map(offset => bytes.readUInt16LE(at + offset));
    members.push(readMember(bytes, at, name ?? 0));
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return members;
}

function findEnd(bytes: Buffer): number {
  const least = Math.max(0, bytes.length - endBytes - mostComment);
  for (let at = bytes.length - endBytes; at >= least; at--) if (bytes.readUInt32LE(at) === signatures.end) return at;
  throw refuseArchive('it is not a zip file, or is cut off');
}

function readMember(bytes: Buffer, at: number, nameLength: number): Member {
  const madeByUnix = bytes.readUInt8(at + 5) === 3;
  return {
    name: bytes.toString('utf8', at + 46, at + 46 + nameLength),
    method: bytes.readUInt16LE(at + 10),
    encrypted: (bytes.readUInt16LE(at + 8) & 1) !== 0,
    mode: madeByUnix ? bytes.readUInt32LE(at + 38) >>> 16 : 0,
    crc: bytes.readUInt32LE(at + 16),
    packed: bytes.readUInt32LE(at + 20),
    size: bytes.readUInt32LE(at + 24),
    offset: bytes.readUInt32LE(at + 42),
  };
}

// The file type within a mode, stat(2).
const types = { mask: 0o170_000, file: 0o100_000, folder: 0o040_000, link: 0o120_000 };

function toEntry(member: Member, bytes: Buffer): ArchiveEntry[] {
  const path = safePath(member.name);
  const type = member.mode & types.mask;
  if (path === '') return [];
  if (member.name.endsWith('/') || type === types.folder) return [{ kind: 'folder', path }];
  if (type === types.link) return [{ kind: 'link', path, to: unpack(member, bytes).toString('utf8') }];
  if (type !== 0 && type !== types.file) throw refuseArchive(`${JSON.stringify(path)} is neither file nor folder`);
  return [{ kind: 'file', path, bytes: unpack(member, bytes) }];
}

function unpack(member: Member, bytes: Buffer): Buffer {
  const { name, method, encrypted, crc, size } = member;
  const what = JSON.stringify(name.slice(0, 200));
  if (encrypted) throw refuseArchive(`${what} is encrypted`);
  const packed = packedBytes(member, bytes);
  if (method !== 0 && method !== 8) throw refuseArchive(`${what} is packed in an unusual way (${method})`);
  const content = method === 0 ? packed : inflate(packed, size, what);
  if (content.length !== size || crc32(content) !== crc) throw refuseArchive(`${what} is damaged`);
  return content;
}

function packedBytes({ offset, packed }: Member, bytes: Buffer): Buffer {
  if (offset + 30 > bytes.length || bytes.readUInt32LE(offset) !== signatures.local)
    throw refuseArchive('it is damaged');
  const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
  if (start + packed > bytes.length) throw refuseArchive('it is cut off');
  return bytes.subarray(start, start + packed);
}

/** Never more than the directory says, and never more at once than was counted. */
function inflate(packed: Buffer, size: number, what: string): Buffer {
  if (size === 0) return Buffer.alloc(0);
  try {
    return inflateRawSync(packed, { maxOutputLength: size });
  } catch (error) {
    throw refuseArchive(`${what} is damaged, or more than it says`, error);
  }
}
