// SPDX-License-Identifier: Apache-2.0
import { type Dirent, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { ToldScan } from '../../report/index.ts';
import { readManifest } from '../read-manifest.ts';

/** A folder with results. */
export interface RunFolder {
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

const mostDepth = 4;
const mostRuns = 2000;

/** Every folder with results. Links are not followed. */
export function findRuns(root: string): RunFolder[] {
  return foldersBelow(root, [])
    .slice(0, mostRuns)
    .map(({ names, files }): RunFolder => {
      const folder = join(root, ...names);
      const path = ['', 'runs', ...names.map(encodeURIComponent), 'report.html'].join('/');
      return { name: names.join(sep), folder, path, hasPage: files.includes('report.html') };
    });
}

/** The same with what their manifests tell, the newest run first. */
export function listRuns(root: string): ListedRun[] {
  const runs = findRuns(root).map((run): ListedRun => {
    const manifest = readManifest(run.folder);
    return { ...run, stored: manifest?.kind === 'finished' ? manifest.told : undefined };
  });
  const time = ({ stored }: ListedRun) => (stored === undefined ? 0 : Date.parse(stored.run.finished));
  return runs.toSorted((a, b) => time(b) - time(a) || (a.name < b.name ? -1 : 1));
}

interface FoundRuns {
  names: string[];
  files: string[];
}

function foldersBelow(root: string, names: string[]): FoundRuns[] {
  const entries = readable(join(root, ...names));
  const files = entries.filter(entry => entry.isFile()).map(entry => entry.name);
  const folders = names.length < mostDepth ? entries.filter(entry => entry.isDirectory()) : [];
  const hasResults = files.some(name => name === 'report.html' || name.endsWith('.json'));
  return [
    ...(hasResults ? [{ names, files }] : []),
    ...folders.flatMap(entry => foldersBelow(root, [...names, entry.name])),
  ];
}

function readable(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // one that may not be read keeps the others from nobody
  }
}
