// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { mostResultBytes, readBounded, readRun } from '@cinc-scan/core';
import type { Given, GivenFile, GivenRun } from '../sources/consolidated.ts';
import { matchesPattern } from '../sources/match.ts';
import type { FolderSource, Sources } from '../sources/schema.ts';

const mostEnvelopeBytes = 1_048_576;
const envelopeEnding = '.envelope.json';

/** Results below the folder of the file of sources: those that were named, or those that its sources look for. */
export function findResults(folder: string, named: readonly string[], { sources }: Sources): Given[] {
  const shown = (path: string) => relative(folder, resolve(folder, path)).split(sep).join('/');
  const isAll = named.length === 0;
  const wanted = named.map(path => shown(resolve(path)));
  const folders = sources.flatMap(source => ('folder' in source ? [source] : []));
  const runs = folders.filter(source => isAll || wanted.includes(shown(source.folder)));
  const places = new Set(folders.map(source => shown(source.folder)));
  const paths = isAll
    ? sources.flatMap(source => ('file' in source ? search(folder, source.file) : []))
    : wanted.filter(path => !places.has(path));
  const results = [...new Set(paths)].filter(path => !path.endsWith(envelopeEnding));
  return [...results.map(path => toGiven(folder, path)), ...runs.map(source => toRun(folder, source))];
}

const mostMembers = 10_000;

function toRun(base: string, { id: source, folder }: FolderSource): GivenRun {
  const place = resolve(base, folder);
  const members = namesIn(place).filter(name => name.endsWith('.json'));
  return {
    source,
    folder,
    read: () => readRun(place),
    members: members.slice(0, mostMembers).map(name => toGiven(place, name)),
  };
}

/** What there is of a pattern; its folders may hold stars, too. */
function search(folder: string, pattern: string): string[] {
  const parts = pattern.split('/').filter(part => part !== '' && part !== '.');
  return parts.reduce<string[]>((found, part) => found.flatMap(path => below(folder, path, part)), ['']);
}

function below(folder: string, path: string, part: string): string[] {
  const names = namesIn(join(folder, path)).filter(name => matchesPattern(part, name));
  return names.toSorted().map(name => (path === '' ? name : `${path}/${name}`));
}

/** A folder that is not there holds nothing, and then the source has no result. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function toGiven(folder: string, path: string): GivenFile {
  const beside = readBounded(join(folder, `${path}${envelopeEnding}`), mostEnvelopeBytes);
  const envelope = beside.kind === 'bytes' ? beside.bytes.toString('utf8') : undefined;
  // One that is there and cannot be read tells as little as one that is none.
  const unread = beside.kind === 'unreadable' && !beside.isMissing ? '' : undefined;
  return { path, read: () => readBounded(join(folder, path), mostResultBytes), envelope: envelope ?? unread };
}
