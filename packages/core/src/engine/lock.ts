// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { type ErrorCode, ScanError, toMessage } from '../errors/index.ts';

// Whoever holds a lock touches it; one that nobody touches belongs to a process that was killed.
const touchMs = 2000;
const staleMs = 15_000;
const pollMs = 100;

export interface LockOptions {
  patienceMs: number;
  /** Of the error where the lock cannot be had. */
  code: ErrorCode;
  signal?: AbortSignal | undefined;
}

/** Does the work alone among all processes that use the same folder; waits for its turn. */
export async function withLock<T>(
  folder: string,
  { patienceMs, code, signal }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const until = Date.now() + patienceMs;
  while (!(await take(folder, code))) {
    signal?.throwIfAborted();
    if (Date.now() > until) throw new ScanError(code, `Another process is fetching the same: ${folder} is still held`);
    await breakStale(folder);
    await new Promise(resolve => setTimeout(resolve, pollMs));
  }
  const timer = setInterval(() => void utimes(folder, new Date(), new Date()).catch(() => undefined), touchMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Making a folder is the one thing that every file system lets only one process do. */
async function take(folder: string, code: ErrorCode): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (isExisting(error)) return false;
    throw new ScanError(code, `The cache cannot be used: ${toMessage(error)}`, {
      cause: error,
      remedy: 'Make the cache folder writable, or name another one in CINC_SCAN_CACHE.',
    });
  }
}

// Renamed first: of several that want to break it only one succeeds, and none takes the next holder's.
async function breakStale(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || Date.now() - found.mtimeMs < staleMs) return;
  const aside = `${folder}.${randomUUID()}`;
  const taken = await rename(folder, aside).then(
    () => true,
    () => false,
  );
  if (taken) await rm(aside, { recursive: true, force: true });
}

// By its code: an error of another realm is no instance of this one's Error.
const isExisting = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST';
