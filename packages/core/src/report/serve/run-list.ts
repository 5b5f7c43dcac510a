// SPDX-License-Identifier: Apache-2.0
import { type Dirent, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { readStoredRun, type StoredRun } from './stored-run.ts';

/** A folder with results. */
export interface RunFolder {
  /** Below the folder that is served; empty for that itself. */
  name: string;
  folder: string;
  /** Where its page is served. */
  path: string;
  /** Its own page, as the run wrote it. */
  hasPage: boolean;
  stored: StoredRun | undefined;
}

const mostDepth = 4;
const mostRuns = 2000;

/** Every folder with results, the newest run first. Links are not followed. */
export function listRuns(root: string): RunFolder[] {
  const runs = foldersBelow(root, [])
    .slice(0, mostRuns)
    .map(({ names, files }): RunFolder => {
      const folder = join(root, ...names);
      const path = ['', 'runs', ...names.map(encodeURIComponent), 'report.html'].join('/');
      return {
        name: names.join(sep),
        folder,
        path,
        hasPage: files.includes('report.html'),
        stored: readStoredRun(folder),
      };
    });
  const time = ({ stored }: RunFolder) => (stored === undefined ? 0 : Date.parse(stored.run.finished));
  return runs.toSorted((a, b) => time(b) - time(a) || (a.name < b.name ? -1 : 1));
}

interface Found {
  names: string[];
  files: string[];
}

function foldersBelow(root: string, names: string[]): Found[] {
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
