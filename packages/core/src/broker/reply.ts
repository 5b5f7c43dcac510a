// SPDX-License-Identifier: Apache-2.0
import type { Answer } from '../lens/index.ts';

/** To the engine: a line, and the bytes that it counts. */
export interface Reply {
  header: Record<string, unknown>;
  first?: Buffer;
  second?: Buffer;
}

export function firstLine({ stderr, status }: Answer): string {
  return stderr.toString('utf8').split('\n')[0]?.slice(0, 300) || `status ${status}`;
}
