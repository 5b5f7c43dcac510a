// SPDX-License-Identifier: Apache-2.0
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where gems and images are kept from run to run. */
export function cacheFolder(environment: Record<string, string | undefined>): string {
  return join(environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? homedir(), '.cache'), 'cinc-scan');
}
