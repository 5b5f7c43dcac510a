// SPDX-License-Identifier: Apache-2.0
// An export, read back. Anyone can have written it; nothing of it is to be believed before its end.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { isScanError, ScanError, toMessage } from '@cinc-scan/core';
import * as z from 'zod';
import { exportFormat, exportVersion } from './export-team.ts';
import { readTar, type TarFile } from './tar.ts';

export interface ExportTaker {
  /** Each line of a list. */
  onItem(list: string, line: string): void;
  /** A content under its digest, which is held against it as it is read; undefined: it is not wanted. */
  contentFor(digest: string): ((pieces: AsyncIterable<Uint8Array>) => Promise<void>) | undefined;
}

const head = z.looseObject({ format: z.literal(exportFormat), version: z.int() });
const end = z.strictObject({
  lists: z.array(z.strictObject({ path: z.string(), sha256: z.string(), lines: z.int() })),
  contents: z.int(),
});
type End = z.infer<typeof end>;

const mostListBytes = 256 * 1_048_576;

/** Throws EXPORT_INVALID for what is damaged, cut off or something else: what was taken until then is to be thrown away. */
export async function readExport(source: Readable, taker: ExportTaker): Promise<End> {
  const decompressed = createZstdDecompress();
  pipeline(source, decompressed).catch(() => undefined); // the reader meets it
  try {
    return await readFiles(readTar(decompressed), taker);
  } catch (error) {
    if (isScanError(error)) throw error;
    throw invalid(toMessage(error), error);
  }
}

const invalid = (problem: string, cause?: unknown): ScanError =>
  new ScanError('EXPORT_INVALID', `The export cannot be used: ${problem}`, { cause });

const named = /^(?:([a-z-]{1,40})\/\d{6}\.jsonl|contents\/([0-9a-f]{64}))$/;

async function readFiles(files: AsyncIterable<TarFile>, taker: ExportTaker): Promise<End> {
  const seen: End = { lists: [], contents: 0 };
  let whole: End | undefined;
  let isFirst = true;
  for await (const file of files) {
    const isHead = file.name === 'manifest.json';
    if (isFirst !== isHead || whole !== undefined) throw invalid(`${file.name} is not where it belongs`);
    isFirst = false;
    if (isHead) requireKnown(await textOf(file));
    else if (file.name === 'complete.json') whole = end.parse(JSON.parse(await textOf(file)));
    else await takePart(file, seen, taker);
  }
  if (whole === undefined) throw invalid('it is cut off');
  if (JSON.stringify(whole) !== JSON.stringify(seen)) throw invalid('its parts are not those that its end lists');
  return seen;
}

async function takePart(file: TarFile, seen: End, taker: ExportTaker): Promise<void> {
  const [, list, digest] = named.exec(file.name) ?? [];
  if (list !== undefined) seen.lists.push(takeList({ path: file.name, list, text: await textOf(file) }, taker));
  else if (digest !== undefined) {
    await takeContent(file, digest, taker);
    seen.contents += 1;
  } else throw invalid('it holds something else than an export does');
}

function requireKnown(text: string): void {
  const { version } = head.parse(JSON.parse(text));
  if (version > exportVersion) throw invalid(`it has format ${version}, and this version reads ${exportVersion}`);
}

async function textOf({ name, bytes, content }: TarFile): Promise<string> {
  if (bytes > mostListBytes) throw invalid(`${name} is too large`);
  const parts: Uint8Array[] = [];
  for await (const piece of content) parts.push(piece);
  return Buffer.concat(parts).toString('utf8');
}

function takeList({ path, list, text }: { path: string; list: string; text: string }, taker: ExportTaker) {
  const lines = text.split('\n').slice(0, -1);
  for (const line of lines) taker.onItem(list, line);
  return { path, sha256: createHash('sha256').update(text).digest('hex'), lines: lines.length };
}

async function takeContent({ content }: TarFile, digest: string, taker: ExportTaker): Promise<void> {
  const hash = createHash('sha256');
  const checked = async function* () {
    for await (const piece of content) {
      hash.update(piece);
      yield piece;
    }
  };
  const take = taker.contentFor(digest);
  if (take === undefined) for await (const _ of checked());
  else await take(checked());
  if (hash.digest('hex') !== digest) throw invalid(`a content is not that of its digest ${digest}`);
}
