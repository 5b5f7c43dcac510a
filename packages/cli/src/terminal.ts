// SPDX-License-Identifier: Apache-2.0
import type { EventEmitter } from 'node:events';

/** A stream of the process, as far as the command uses it. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** What the command has of the process it runs in. */
export interface Terminal {
  environment: Record<string, string | undefined>;
  cwd: string;
  stdout: Output;
  stderr: Output;
  signals: Pick<EventEmitter, 'on' | 'off'>;
}

/** Colour for people, unless they said otherwise (https://no-color.org). */
export function usesColor({ environment }: Terminal, output: Output): boolean {
  if (environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== '') return false;
  if (environment['FORCE_COLOR'] !== undefined && environment['FORCE_COLOR'] !== '0') return true;
  return output.isTTY === true && environment['TERM'] !== 'dumb';
}
