// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readBounded } from './read-bounded.ts';
import { factsOfManifest, type ResultFacts } from './result-facts.ts';
import { type Result, type ResultFile, toResult } from './result-file.ts';

/** A result file that was asked for by name. */
export type GivenResult =
  | ({ kind: 'result'; name: string } & Result)
  | { kind: 'refused'; name: string; reason: 'hdf-unreadable' | 'hdf-invalid'; problem: string; isMissing: boolean };

// More than any string of this runtime can hold would fail later, and less clearly.
const mostBytes = 400 * 1_048_576;

/** Reads a result file; a `scan.json` beside it that knows the very bytes says where they come from. */
export function readResult(path: string): GivenResult {
  const read = readFile(path, factsBeside(dirname(path)));
  return read.kind === 'refused' ? read : toGiven(read.file);
}

/** Every result file in the folder of a run, by name; other files are none of it. */
export function readResultFolder(folder: string): (Result & { name: string })[] {
  const facts = factsBeside(folder);
  const names = readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.toLowerCase().endsWith('.json'))
    .map(entry => entry.name);
  return names.toSorted().flatMap(name => {
    const read = readFile(join(folder, name), facts);
    const given = read.kind === 'refused' ? read : toGiven(read.file);
    return given.kind === 'result' ? [given] : [];
  });
}

type Beside = (bytes: Buffer) => ResultFacts | undefined;
type ReadFile = { kind: 'file'; file: ResultFile } | (GivenResult & { kind: 'refused' });

function readFile(path: string, beside: Beside): ReadFile {
  const read = readBounded(path, mostBytes);
  if (read.kind === 'unreadable') return { ...read, kind: 'refused', name: path, reason: 'hdf-unreadable' };
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(read.bytes);
    return { kind: 'file', file: { name: path, text, facts: beside(read.bytes) } };
  } catch {
    return { kind: 'refused', name: path, reason: 'hdf-invalid', problem: 'not UTF-8', isMissing: false };
  }
}

function toGiven(file: ResultFile): GivenResult {
  const result = toResult(file);
  return result.kind === 'refused'
    ? { ...result, name: file.name, reason: 'hdf-invalid', isMissing: false }
    : { ...result, name: file.name };
}

function factsBeside(folder: string): Beside {
  const path = join(folder, 'scan.json');
  // A pipe of that name would keep the reader waiting.
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const manifest = isFile ? readBounded(path, mostBytes) : undefined;
  const known =
    manifest?.kind === 'bytes' ? factsOfManifest(manifest.bytes.toString()) : new Map<string, ResultFacts>();
  return bytes => (known.size === 0 ? undefined : known.get(createHash('sha256').update(bytes).digest('hex')));
}
