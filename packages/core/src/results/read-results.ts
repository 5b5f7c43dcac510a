// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { toMessage } from '../errors/index.ts';
import { type GivenResult, type Result, type ResultFacts, type ResultFile, toResult } from '../outcome/index.ts';
import { mostResultBytes, readBounded } from '../request/index.ts';
import { factsOf, manifestFile, readManifest } from './read-manifest.ts';

/** Reads a result file; a `scan.json` beside it that knows the very bytes says where they come from. */
export function readResult(path: string): GivenResult {
  // An auditor may have written its result under the manifest's name.
  const read = readFile(path, basename(path) === manifestFile ? () => stranger : factsBeside(dirname(path)));
  return read.kind === 'refused' ? read : toGiven(read);
}

/** Every result file in the folder of a run, by name; other files are none of it. */
export function readResultFolder(folder: string): (Result & { name: string })[] {
  const beside = factsBeside(folder);
  const names = readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.toLowerCase().endsWith('.json'))
    .map(entry => entry.name);
  return names.toSorted().flatMap(name => {
    const read = readFile(join(folder, name), beside);
    const given = read.kind === 'refused' ? read : toGiven(read);
    return given.kind === 'result' ? [given] : [];
  });
}

type Listing = (
  bytes: Buffer,
) => { kind: 'known'; facts: ResultFacts | undefined } | { kind: 'unlisted'; problem: string };
const unlisted = `the ${manifestFile} next to it does not list it as it is: it comes from another run, or was changed`;

interface DecodedFile {
  kind: 'file';
  file: ResultFile;
  /** What is odd about the file, and no reason to refuse it. */
  note: string | undefined;
}

type ReadFile = DecodedFile | (GivenResult & { kind: 'refused' });

function readFile(path: string, beside: Listing): ReadFile {
  const read = readBounded(path, mostResultBytes);
  if (read.kind === 'unreadable') return { ...read, kind: 'refused', name: path, reason: 'hdf-unreadable' };
  try {
    const { text, note } = decode(read.bytes);
    const known = beside(read.bytes);
    if (known.kind === 'unlisted')
      return { kind: 'refused', name: path, reason: 'hdf-unlisted', problem: known.problem, isMissing: false };
    return { kind: 'file', note, file: { name: path, text, facts: known.facts } };
  } catch (error) {
    return { kind: 'refused', name: path, reason: 'hdf-invalid', problem: toMessage(error), isMissing: false };
  }
}

/** As SAF reads it: what is not UTF-8 is a character that stands for none. */
function decode(bytes: Buffer): { text: string; note: string | undefined } {
  if (isUtf8(bytes)) return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), note: undefined };
  return {
    text: new TextDecoder('utf-8').decode(bytes),
    note: 'is not UTF-8: each byte that is not was read as U+FFFD',
  };
}

const toGiven = ({ file, note }: DecodedFile): GivenResult => toGivenResult(file, note);

/** A result that was asked for by name; `note` tells what is odd about it. */
export function toGivenResult(file: ResultFile, note?: string): GivenResult {
  const result = toResult(file);
  return result.kind === 'refused'
    ? { ...result, name: file.name, reason: 'hdf-invalid', isMissing: false }
    : { ...result, name: file.name, note };
}

const stranger = { kind: 'known' as const, facts: undefined };

/** The manifest of a run speaks for every file in its folder: what it does not list is not of the run. */
function factsBeside(folder: string): Listing {
  const manifest = readManifest(folder);
  if (manifest === undefined || manifest.kind === 'stranger') return () => stranger;
  if (manifest.kind === 'refused') return manifest.code === 'RUN_UNFINISHED' ? () => stranger : () => unread(manifest);
  const known = factsOf(manifest.told);
  return bytes => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    return manifest.listing.digests.has(digest)
      ? { kind: 'known', facts: known.get(digest) }
      : { kind: 'unlisted', problem: unlisted };
  };
}

const unread = ({ code, problem }: { code: string; problem: string }) => ({
  kind: 'unlisted' as const,
  problem: `the ${manifestFile} next to it, which should list it, cannot be used: ${code}: ${problem}`,
});
