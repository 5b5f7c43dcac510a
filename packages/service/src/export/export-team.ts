// SPDX-License-Identifier: Apache-2.0
// All that a team owns as one archive; docs/service.md says what it looks like. Pages are read one after the other, each at the
// moment when somebody takes it: neither memory nor a transaction grows with the team.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createZstdCompress } from 'node:zlib';
import type { Blobs } from '../blobs/blobs.ts';
import type { Store } from '../store/store.ts';
import { readContents, type TeamList, teamLists } from './lists.ts';
import { type TarFile, tarPieces } from './tar.ts';

export const exportFormat = 'cinc-scan-export';
export const exportVersion = 1;

export interface ExportParts {
  store: Store;
  blobs: Blobs;
  team: string;
  /** Of the team. */
  name: string;
  /** Who wanted it. */
  by: string;
  /** Version of the program. */
  service: string;
}

/** Compressed; ends in an error, and never as if it were whole, where something cannot be read. */
export function exportTeam(parts: ExportParts): Readable {
  const source = Readable.from(tarPieces(filesOf(parts)), { objectMode: false });
  const compressed = createZstdCompress();
  source.on('error', error => compressed.destroy(error));
  compressed.on('close', () => source.destroy());
  return source.pipe(compressed);
}

interface Written {
  path: string;
  sha256: string;
  lines: number;
}

async function* filesOf(parts: ExportParts): AsyncGenerator<TarFile> {
  const { name: team, by, service } = parts;
  const head = { format: exportFormat, version: exportVersion, service, made: new Date().toISOString(), team, by };
  yield textFile('manifest.json', `${JSON.stringify(head)}\n`);
  const written: Written[] = [];
  for (const list of teamLists)
    for await (const { path, text, lines } of pagesOf(parts, list)) {
      written.push({ path, sha256: createHash('sha256').update(text).digest('hex'), lines });
      yield textFile(path, text);
    }
  let contents = 0;
  for await (const content of contentsOf(parts)) {
    contents += 1;
    yield content;
  }
  yield textFile('complete.json', `${JSON.stringify({ lists: written, contents })}\n`);
}

function textFile(name: string, text: string): TarFile {
  const bytes = Buffer.from(text);
  return { name, bytes: bytes.length, content: Readable.from([bytes]) };
}

async function* pagesOf({ store, team }: ExportParts, list: TeamList) {
  const { name, atOnce } = list;
  for (let after = '', page = 1; ; page += 1) {
    const from = after;
    const items = await store.asTeam(team, transaction => list.read(transaction, from, atOnce));
    const last = items.at(-1);
    if (last === undefined) return;
    const text = items.map(({ json }) => `${json}\n`).join('');
    yield { path: `${name}/${String(page).padStart(6, '0')}.jsonl`, text, lines: items.length };
    if (items.length < atOnce) return;
    after = last.at;
  }
}

const contentsAtOnce = 20;

/** Each under its SHA-256, which is held against it on the way. What rows name is kept an hour longer than the row. */
async function* contentsOf({ store, blobs, team }: ExportParts): AsyncGenerator<TarFile> {
  for (let after = ''; ; ) {
    const from = after;
    const page = await store.asTeam(team, transaction => readContents(transaction, from, contentsAtOnce));
    for (const { digest, bytes } of page)
      yield { name: `contents/${digest}`, bytes: Number(bytes), content: await blobs.getStream(digest) };
    const last = page.at(-1);
    if (last === undefined || page.length < contentsAtOnce) return;
    after = last.digest;
  }
}
