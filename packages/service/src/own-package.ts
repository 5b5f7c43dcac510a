// SPDX-License-Identifier: Apache-2.0
// Where this package lies: its sources in a checkout, or what is made of them when it is installed.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function ownFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

export function ownVersion(): string {
  const text = readFileSync(join(ownFolder(), 'package.json'), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}

/** Where `npm run build:service` puts it. */
export const databaseTemplatePath = (): string => {
  const text = readFileSync(join(ownFolder(), 'package.json'), 'utf8');
  const version = /"@electric-sql\/pglite": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
  return join(ownFolder(), 'template', `database-${version}.tar.zst`);
};

/** An embedded database as its own version initializes it, compressed; undefined in a checkout where nobody made it. */
export function databaseTemplate(): string | undefined {
  const path = databaseTemplatePath();
  return existsSync(path) ? path : undefined;
}

/** The engine's files: inside the installed package, or beside it in a checkout. */
export function engineDirectory(): string {
  const packed = join(ownFolder(), 'engine');
  return existsSync(packed) ? packed : join(ownFolder(), '../engine');
}

/** Starts a process that scans. */
export function scanProcessCommand(): [program: string, ...args: string[]] {
  const made = join(import.meta.dirname, 'scan-process.js');
  if (existsSync(made)) return [process.execPath, made];
  const source = join(ownFolder(), 'src/executors/scan-process.ts');
  return [process.execPath, '--conditions=source', '--disable-warning=ExperimentalWarning', source];
}
