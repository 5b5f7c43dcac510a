// SPDX-License-Identifier: Apache-2.0
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, and GNU's long names.
import { Allowance, type ArchiveEntry, refuseArchive, safePath } from './entries.ts';

const block = 512;

interface Header {
  name: string;
  size: number;
  type: string;
  linkName: string;
}

/** Members of a tar file. What is neither file, folder nor symbolic link is refused. */
export function readTar(bytes: Buffer, mostBytes: number): ArchiveEntry[] {
  const allowance = new Allowance(mostBytes);
  const entries: ArchiveEntry[] = [];
  let extended: Extension = {};
  for (let at = 0; at + block <= bytes.length; ) {
    const header = readHeader(bytes.subarray(at, at + block));
    if (header === undefined) return entries;
    const start = at + block;
    if (start + header.size > bytes.length) throw refuseArchive('it is cut off');
    const content = bytes.subarray(start, start + header.size);
    at = start + Math.ceil(header.size / block) * block;
    const extension = readExtension(header.type, content);
    if (extension === undefined) {
      allowance.take(content.length);
      entries.push(...toEntry({ ...header, ...extended }, content));
      extended = {};
    } else {
      allowance.take(0);
      extended = { ...extended, ...extension };
    }
  }
  throw refuseArchive('it has no end');
}

/** Undefined for the block of zeros at the end. */
function readHeader(raw: Buffer): Header | undefined {
  if (raw.every(byte => byte === 0)) return undefined;
  if (readNumber(raw, 148, 8) !== checksum(raw)) throw refuseArchive('it is not a tar file, or is damaged');
  const prefix = raw.toString('latin1', 257, 262) === 'ustar' ? readText(raw, 345, 155) : '';
  const name = readText(raw, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: readNumber(raw, 124, 12),
    type: String.fromCharCode(raw[156] ?? 0),
    linkName: readText(raw, 157, 100),
  };
}

function checksum(raw: Buffer): number {
  return raw.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}

const readText = (raw: Buffer, start: number, length: number) =>
  raw.toString('utf8', start, start + length).split('\0')[0] ?? '';

function readNumber(raw: Buffer, start: number, length: number): number {
  const text = readText(raw, start, length).trim();
  // Base 256, for sizes over 8 GB, is among what does not match.
  if (!/^[0-7]*$/.test(text)) throw refuseArchive('it is not a tar file, or is damaged');
  return text === '' ? 0 : Number.parseInt(text, 8);
}

type Extension = Partial<Pick<Header, 'name' | 'linkName'>>;

/** What a member says of the next one; undefined for members of their own. */
function readExtension(type: string, content: Buffer): Extension | undefined {
  switch (type) {
    case 'g':
      return {}; // of the whole archive: a comment, in those that git makes
    case 'L':
      return { name: readText(content, 0, content.length) };
    case 'K':
      return { linkName: readText(content, 0, content.length) };
    case 'x':
      return readPax(content);
    default:
      return undefined;
  }
}

/** `LENGTH KEY=VALUE\n`, the length counting all of it. */
function readPax(content: Buffer): Extension {
  const found: Extension = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(' ', at);
    const length = Number(content.toString('latin1', at, Math.max(at, space)));
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > content.length)
      throw refuseArchive('it is damaged');
    const record = content.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path') found.name = value;
    if (key === 'linkpath') found.linkName = value;
    if (key === 'size') throw refuseArchive('a member is too large');
    at += length;
  }
  return found;
}

function toEntry({ name, type, linkName }: Header, content: Buffer): ArchiveEntry[] {
  const path = safePath(name);
  if (path === '') return []; // `./`
  switch (type) {
    case '0':
    case '\0':
    case '7':
      return [name.endsWith('/') ? { kind: 'folder', path } : { kind: 'file', path, bytes: content }];
    case '5':
      return [{ kind: 'folder', path }];
    case '2':
      return [{ kind: 'link', path, to: linkName }];
    case '1':
      throw refuseArchive(`${JSON.stringify(path)} is a hard link`);
    default:
      throw refuseArchive(`${JSON.stringify(path)} is neither file nor folder (type ${JSON.stringify(type)})`);
  }
}
