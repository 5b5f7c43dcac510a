// SPDX-License-Identifier: Apache-2.0
// What a backup looks like; docs/service.md describes it. Compressed as one (zstd), lines of text with the bytes of blobs
// between them:
//
//   cinc-scan-backup {"version":1,…}      the first line
//   row TABLE {…}                         a row as the database writes it in JSON
//   blob SHA256 BYTES                     and so many bytes, and the end of the line
//   end {"rows":…,"blobs":…,"sha256":…}   the last line; the digest is of all before it
import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { isScanError, ScanError, toMessage } from '@cinc-scan/core';
import * as z from 'zod';
import { ByteReader } from './byte-reader.ts';

const archiveVersion = 1;
const word = 'cinc-scan-backup';

const headSchema = z.strictObject({
  version: z.literal(archiveVersion),
  /** Of the program that made it. */
  service: z.string().max(100),
  made: z.iso.datetime(),
  /** The layout of the rows: migrations in the order of their names. */
  migrations: z.array(z.string().max(200)).min(1).max(1000),
});
type Head = z.infer<typeof headSchema>;
export type BackupHead = Omit<Head, 'version'>;

const endSchema = z.strictObject({
  rows: z.record(z.string(), z.int()),
  blobs: z.int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export interface BackupCounts {
  /** By table. */
  rows: Record<string, number>;
  blobs: number;
}

export interface BackupRow {
  kind: 'row';
  table: string;
  /** As text: its numbers may be too large for JavaScript's. */
  json: string;
}

export interface BackupBlob {
  kind: 'blob';
  digest: string;
  bytes: number;
  content: AsyncIterable<Uint8Array>;
}

export type BackupPart = BackupRow | BackupBlob;

/** The pieces of an archive, not compressed yet. Throws what its parts throw, and SERVICE_DATA for a blob of another size. */
async function* archivePieces(
  head: BackupHead,
  parts: AsyncIterable<BackupPart>,
  counts: BackupCounts,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const pieces = async function* () {
    yield Buffer.from(`${word} ${JSON.stringify({ version: archiveVersion, ...head })}\n`);
    for await (const part of parts) yield* partPieces(part, counts);
  };
  for await (const piece of pieces()) {
    hash.update(piece);
    yield piece;
  }
  yield Buffer.from(`end ${JSON.stringify({ ...counts, sha256: hash.digest('hex') })}\n`);
}

async function* partPieces(part: BackupPart, counts: BackupCounts): AsyncGenerator<Uint8Array> {
  count(part, counts);
  if (part.kind === 'row') {
    yield Buffer.from(`row ${part.table} ${part.json}\n`);
    return;
  }
  yield Buffer.from(`blob ${part.digest} ${part.bytes}\n`);
  let bytes = 0;
  for await (const piece of part.content) {
    bytes += piece.length;
    yield piece;
  }
  if (bytes !== part.bytes) throw new ScanError('SERVICE_DATA', `Content ${part.digest} is not of the size recorded`);
  yield Buffer.from('\n');
}

function count(part: BackupPart, counts: BackupCounts): void {
  if (part.kind === 'row') counts.rows[part.table] = (counts.rows[part.table] ?? 0) + 1;
  else counts.blobs += 1;
}

/** Writes an archive to wherever its bytes are taken. */
export async function writeArchive(
  head: BackupHead,
  parts: AsyncIterable<BackupPart>,
  sink: (compressed: AsyncIterable<Buffer>) => Promise<void>,
): Promise<BackupCounts> {
  const counts: BackupCounts = { rows: {}, blobs: 0 };
  await pipeline(archivePieces(head, parts, counts), createZstdCompress(), sink);
  return counts;
}

export interface OpenedArchive {
  head: BackupHead;
  /**
   * What follows, a part at a time; the content of a blob has to be read before the next part is asked for. Nothing of it is
   * to be believed before the end, where it is known whether the archive is whole.
   */
  parts: AsyncGenerator<BackupPart, BackupCounts>;
}

/** Throws BACKUP_INVALID for what is not an archive, BACKUP_VERSION for one of a later version. */
export async function openArchive(source: Readable): Promise<OpenedArchive> {
  const decompressed = createZstdDecompress();
  pipeline(source, decompressed).catch(() => undefined); // the reader meets it
  const reader = new ByteReader(decompressed);
  return { head: await guarded(() => readHead(reader)), parts: readParts(reader) };
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isScanError(error)) throw error;
    throw invalid(toMessage(error), error);
  }
}

const invalid = (problem: string, cause?: unknown): ScanError =>
  new ScanError('BACKUP_INVALID', `The backup cannot be used: ${problem}`, { cause });

async function readHead(reader: ByteReader): Promise<BackupHead> {
  const line = await reader.line();
  if (line === undefined || !line.startsWith(`${word} `)) throw invalid('it is not a backup of this service');
  const json: unknown = JSON.parse(line.slice(word.length + 1));
  const { version } = z.looseObject({ version: z.int() }).parse(json);
  if (version > archiveVersion)
    throw new ScanError('BACKUP_VERSION', `The backup has format ${version}; this version reads ${archiveVersion}`);
  const { version: _, ...head } = headSchema.parse(json);
  return head;
}

async function* readParts(reader: ByteReader): AsyncGenerator<BackupPart, BackupCounts> {
  const counts: BackupCounts = { rows: {}, blobs: 0 };
  for (;;) {
    const before = reader.digest();
    const line = await guarded(() => reader.line());
    if (line === undefined) throw invalid('it is cut off');
    const [, kind, rest = ''] = /^(row|blob|end) (.*)$/s.exec(line) ?? [];
    if (kind === 'end') return await guarded(() => readEnd(reader, { text: rest, counts, before }));
    const part = kind === 'blob' ? toBlob(reader, rest) : toRow(kind === 'row' ? rest : '');
    count(part, counts);
    yield part;
    if (part.kind === 'blob') await guarded(() => reader.requireLineEnd());
  }
}

function toRow(text: string): BackupRow {
  const [, table, json] = /^([a-z0-9_]{1,63}) (\{.*\})$/s.exec(text) ?? [];
  if (table !== undefined && json !== undefined) return { kind: 'row', table, json };
  throw invalid('it has a line that is not of a backup');
}

function toBlob(reader: ByteReader, text: string): BackupBlob {
  const [, digest, bytes] = /^([0-9a-f]{64}) (\d{1,15})$/.exec(text) ?? [];
  if (digest === undefined) throw invalid('it has a line that is not of a backup');
  return { kind: 'blob', digest, bytes: Number(bytes), content: guardedPieces(reader.bytes(Number(bytes))) };
}

async function* guardedPieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    throw invalid(toMessage(error), error);
  }
}

interface Ending {
  text: string;
  counts: BackupCounts;
  before: Hash;
}

async function readEnd(reader: ByteReader, { text, counts, before }: Ending): Promise<BackupCounts> {
  const end = endSchema.parse(JSON.parse(text));
  if (!(await reader.isOver())) throw invalid('something follows its end');
  const isWhole = end.sha256 === before.digest('hex') && end.blobs === counts.blobs && isSame(end.rows, counts.rows);
  if (!isWhole) throw invalid('its digest is not that of its content: it was changed or damaged');
  return counts;
}

const isSame = (one: Record<string, number>, other: Record<string, number>): boolean =>
  Object.keys({ ...one, ...other }).every(table => one[table] === other[table]);
