// SPDX-License-Identifier: Apache-2.0
// Runs as they lie in folders, ready to be sent: what a run is is for the service to say.
import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mostResultBytes, parseJsonText, readBounded, ScanError } from '@cinc-scan/core';
import * as z from 'zod';

export interface RunToSend {
  name: string;
  /** Where it was run, if that is known. */
  cluster?: string;
  files: { path: string; content: string }[];
}

const manifestFile = 'scan.json';
const mostDepth = 12;

/** The folders of runs below a folder, or result files, in the order of their names. Links are not followed. */
export async function* findRuns(path: string): AsyncGenerator<RunToSend> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() === true) {
    yield { name: path, files: [{ path: basename(path), content: readText(path) }] };
    return;
  }
  if (found?.isDirectory() !== true) throw new ScanError('INPUT_INVALID', `${path} is neither a folder nor a file`);
  let count = 0;
  for await (const run of runsBelow(path, 0)) {
    count += 1;
    yield run;
  }
  if (count === 0) throw new ScanError('INPUT_INVALID', `${path} holds no run: no folder in it has a ${manifestFile}`);
}

async function* runsBelow(folder: string, depth: number): AsyncGenerator<RunToSend> {
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );
  if (entries.some(entry => entry.isFile() && entry.name === manifestFile)) {
    yield runIn(
      folder,
      entries.filter(entry => entry.isFile()).map(({ name }) => name),
    );
    return;
  }
  if (depth === mostDepth) return;
  for (const entry of entries) if (entry.isDirectory()) yield* runsBelow(join(folder, entry.name), depth + 1);
}

/** Its manifest, and the files that this lists by their digests: nothing else of the folder leaves the machine. */
function runIn(folder: string, names: readonly string[]): RunToSend {
  const manifest = readText(join(folder, manifestFile));
  const wanted = listedIn(manifest);
  const files = [{ path: manifestFile, content: manifest }];
  for (const name of names.filter(each => each.endsWith('.json') && each !== manifestFile)) {
    const read = readBounded(join(folder, name), mostResultBytes);
    if (read.kind === 'unreadable') continue; // the service says which result is missing
    const digest = createHash('sha256').update(read.bytes).digest('hex');
    if (wanted.delete(digest)) files.push({ path: name, content: read.bytes.toString('utf8') });
  }
  return { name: folder, files };
}

const listing = z.looseObject({
  targets: z.array(z.looseObject({ hdf: z.looseObject({ sha256: z.string() }).nullish() })),
});

function listedIn(manifest: string): Set<string> {
  try {
    const { targets } = listing.parse(parseJsonText(manifest));
    return new Set(targets.flatMap(({ hdf }) => hdf?.sha256 ?? []));
  } catch {
    return new Set(); // the service says what is wrong with it
  }
}

function readText(path: string): string {
  const read = readBounded(path, mostResultBytes);
  if (read.kind === 'bytes') return read.bytes.toString('utf8');
  throw new ScanError('INPUT_INVALID', `${path} cannot be read: ${read.problem}`);
}
