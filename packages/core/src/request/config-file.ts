// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { CORE_SCHEMA, load } from 'js-yaml';
import { ScanError, toMessage } from '../errors/index.ts';
import type { Raw } from './values.ts';

export const defaultConfigFile = 'cinc-scan.yml';

/** Reads a configuration file: one YAML mapping of inputs. The default one may be absent, a named one may not. */
export function readConfigFile(path: string | undefined): { path: string; values: Raw } | undefined {
  const file = path ?? defaultConfigFile;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (path === undefined && isMissing(error)) return undefined;
    throw new ScanError('CONFIG_UNREADABLE', `${file}: ${toMessage(error)}`, { cause: error });
  }
  return { path: file, values: parseConfig(text, file) };
}

function parseConfig(text: string, file: string): Raw {
  let document: unknown;
  try {
    document = load(text, { schema: CORE_SCHEMA });
  } catch (error) {
    throw new ScanError('CONFIG_UNREADABLE', `${file}: ${toMessage(error)}`, { cause: error });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new ScanError('CONFIG_UNREADABLE', `${file}: expected a mapping of inputs to values`);
  return Object.fromEntries(Object.entries(document));
}

// By its code: an error of another realm (a test's, a worker's) is no instance of this one's Error.
function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
