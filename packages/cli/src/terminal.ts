// SPDX-License-Identifier: Apache-2.0
import type { EventEmitter } from 'node:events';
import { fstatSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { ScanError, type Secrets, toMessage } from '@cinc-scan/core';

/** A stream of the process, as far as the command uses it. */
export interface Output {
  /** `done` learns whether it arrived. */
  write(text: string, done?: (error?: Error | null) => void): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  fd?: number | undefined;
}

/** The process that a command runs in. */
export interface Surroundings {
  environment: Record<string, string | undefined>;
  cwd: string;
  stdout: Output;
  stderr: Output;
  signals: Pick<EventEmitter, 'on' | 'off'>;
}

/** What the command has of it. */
export interface Terminal extends Surroundings {
  /** Standard output as it is, for what another program reads: reports, manifests, outputs. */
  data: Output;
  /** What is kept out of the other two. */
  secrets: Secrets;
  log: { format: 'text' | 'json' };
}

/** Writes what the command is about, and fails if it cannot be written. A reader that wants no more is no failure. */
export function print(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, cause => {
      if (cause == null || ('code' in cause && cause.code === 'EPIPE')) resolve();
      else reject(toUnwritable(cause));
    });
  });
}

/** The same for what is of no use unless it arrives. */
export function deliver(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, cause => (cause == null ? resolve() : reject(toUnwritable(cause))));
  });
}

/** Node opens /dev/null for a standard output that was closed. */
export function leadsNowhere({ fd }: Output): boolean {
  if (fd === undefined) return false;
  const stat = fstatSync(fd);
  return stat.isCharacterDevice() && stat.rdev === statSync(devNull).rdev;
}

const toUnwritable = (cause: Error) =>
  new ScanError('OUTPUT_UNWRITABLE', `Standard output cannot be written: ${toMessage(cause)}`, { cause });

/** Colour for people, unless they said otherwise (https://no-color.org). */
export function usesColor({ environment }: Terminal, output: Output): boolean {
  if (environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== '') return false;
  if (environment['FORCE_COLOR'] !== undefined && environment['FORCE_COLOR'] !== '0') return true;
  return output.isTTY === true && environment['TERM'] !== 'dumb';
}
