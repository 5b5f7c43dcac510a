// SPDX-License-Identifier: Apache-2.0
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Record<string, string | undefined>;

// CI systems pass inputs that were left empty as empty variables.
export const blankAsAbsent = (value: unknown): unknown =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;

/** A variable as it counts everywhere: a blank one is not set. */
export function readVariable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return blankAsAbsent(value) === undefined ? undefined : value;
}

/** Where gems and profiles are kept from run to run. */
export function cacheFolder(environment: Environment): string {
  const home = readVariable(environment, 'HOME') ?? homedir();
  const base = readVariable(environment, 'XDG_CACHE_HOME') ?? join(home, '.cache');
  return readVariable(environment, 'CINC_SCAN_CACHE') ?? join(base, 'cinc-scan');
}
