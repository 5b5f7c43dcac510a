// SPDX-License-Identifier: Apache-2.0
import { type Dirent, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { type ConsolidatedRun, consolidationFile, parseConsolidatedRun, type ToldScan } from '../../report/index.ts';
import { readBounded } from '../../request/index.ts';
import { readManifest } from '../read-manifest.ts';

/** A folder with results. */
export interface RunFolder {
  /** Of a store of consolidated runs, of which only those with a manifest are whole; or any other. */
  kind: 'consolidated' | 'unfinished' | 'other';
  /** Below the folder that is served; empty for that itself. */
  name: string;
  folder: string;
  /** Where its page is served. */
  path: string;
  /** Its own page, as the run wrote it. */
  hasPage: boolean;
}

export interface ListedRun extends RunFolder {
  /** What its manifest tells; undefined where there is none of a finished run. */
  stored: ToldScan | undefined;
}

export interface ListedConsolidation extends RunFolder {
  /** Undefined where it is not there, or cannot be read. */
  manifest: ConsolidatedRun | undefined;
}

const mostDepth = 4;
const mostRuns = 2000;

/** Every folder with results. Links are not followed. */
export function findRuns(root: string): RunFolder[] {
  const found = foldersBelow(root, []).map(({ names, files, kind }): RunFolder => {
    const folder = join(root, ...names);
    const path = ['', 'runs', ...names.map(encodeURIComponent), 'report.html'].join('/');
    return { kind, name: names.join(sep), folder, path, hasPage: files.includes('report.html') };
  });
  const others = found.filter(({ kind }) => kind === 'other');
  // Their names begin with scope and day: of too many the last days are shown.
  const kept = found.filter(({ kind }) => kind !== 'other').toSorted((a, b) => (a.name < b.name ? 1 : -1));
  return [...others.slice(0, mostRuns), ...kept.slice(0, mostRuns)];
}

/** Runs with what their manifests tell, the newest first. */
export function listRuns(found: readonly RunFolder[]): ListedRun[] {
  const runs = found
    .filter(({ kind }) => kind === 'other')
    .map((run): ListedRun => {
      const manifest = readManifest(run.folder);
      return { ...run, stored: manifest?.kind === 'finished' ? manifest.told : undefined };
    });
  const time = ({ stored }: ListedRun) => (stored === undefined ? 0 : Date.parse(stored.run.finished));
  return runs.toSorted((a, b) => time(b) - time(a) || (a.name < b.name ? -1 : 1));
}

/** Consolidated runs by scope, the newest of each first. */
export function listConsolidations(found: readonly RunFolder[]): ListedConsolidation[] {
  const runs = found
    .filter(({ kind }) => kind !== 'other')
    .map(run => ({ ...run, manifest: readConsolidation(run.folder) }));
  const scope = ({ manifest }: ListedConsolidation) => manifest?.scope ?? '';
  const time = ({ manifest }: ListedConsolidation) => (manifest === undefined ? 0 : Date.parse(manifest.run.at));
  return runs.toSorted((a, b) => (scope(a) === scope(b) ? time(b) - time(a) : scope(a) < scope(b) ? -1 : 1));
}

const mostManifestBytes = 16 * 1_048_576;

/** Anyone can have written it. */
export function readConsolidation(folder: string): ConsolidatedRun | undefined {
  const read = readBounded(join(folder, consolidationFile), mostManifestBytes);
  return read.kind === 'bytes' ? parseConsolidatedRun(read.bytes.toString()) : undefined;
}

interface FoundRuns {
  names: string[];
  files: string[];
  kind: RunFolder['kind'];
}

function foldersBelow(root: string, names: string[]): FoundRuns[] {
  const entries = readable(join(root, ...names));
  const files = entries.filter(entry => entry.isFile()).map(entry => entry.name);
  const kind = kindOf(names, files);
  if (kind !== 'other') return [{ names, files, kind }];
  const hasResults = files.some(name => name === 'report.html' || (name.endsWith('.json') && name !== 'state.json'));
  return [
    ...(hasResults ? [{ names, files, kind }] : []),
    ...(depthOf(names) < mostDepth ? inner(entries).flatMap(name => foldersBelow(root, [...names, name])) : []),
  ];
}

const day = /^\d{4}\/\d{2}\/\d{2}\/[^/]+$/;

/** A store has its runs below the day on which they began. */
function kindOf(names: string[], files: string[]): RunFolder['kind'] {
  if (files.includes(consolidationFile)) return 'consolidated';
  return day.test(names.slice(-4).join('/')) ? 'unfinished' : 'other';
}

/** Days do not count. */
const depthOf = (names: string[]): number => names.filter(name => !/^\d{2}(?:\d{2})?$/.test(name)).length;

/** Beside `hdf`, `raw` is what scanners left, and for nobody to see. */
function inner(entries: Dirent[]): string[] {
  const folders = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  return folders.includes('hdf') ? folders.filter(name => name !== 'raw') : folders;
}

function readable(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // one that may not be read keeps the others from nobody
  }
}
