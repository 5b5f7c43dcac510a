// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, ScanError, toMessage } from '../errors/index.ts';

// Whoever holds a lock touches it; one that nobody touches belongs to a process that was killed.
const touchMs = 2000;
const staleMs = 15_000;
const pollMs = 100;

export interface LockOptions {
  patienceMs: number;
  /** Of the error where the lock cannot be had. */
  code: ErrorCode;
  /** What that error says: that another holds it, or that there can be no lock, and what helps then. */
  words: { held: string; unusable: string; remedy: string };
  signal?: AbortSignal | undefined;
}

/** Whether the lock is still ours: a process that was stopped for a while may find that another has taken it. */
export type IsHeld = () => boolean;

/** Does the work alone among all processes that use the same folder; waits for its turn. */
export async function withLock<T>(
  folder: string,
  options: LockOptions,
  work: (isHeld: IsHeld) => Promise<T>,
): Promise<T> {
  const mark = join(folder, randomUUID());
  await take(folder, mark, options);
  const isHeld = () => existsSync(mark);
  const timer = setInterval(() => void utimes(folder, new Date(), new Date()).catch(() => undefined), touchMs);
  try {
    return await work(isHeld);
  } finally {
    clearInterval(timer);
    if (isHeld()) await rm(folder, { recursive: true, force: true });
  }
}

async function take(folder: string, mark: string, options: LockOptions): Promise<void> {
  const { patienceMs, code, words, signal } = options;
  const until = Date.now() + patienceMs;
  while (!(await make(folder, mark, options))) {
    signal?.throwIfAborted();
    if (Date.now() > until) throw new ScanError(code, `${words.held}: ${folder} is still held`);
    await breakStale(folder);
    await new Promise(resolve => setTimeout(resolve, pollMs));
  }
}

/** Making a folder is the one thing that every file system lets only one process do. */
async function make(folder: string, mark: string, { code, words }: LockOptions): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(mark, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (isExisting(error)) return false;
    throw new ScanError(code, `${words.unusable}: ${toMessage(error)}`, { cause: error, remedy: words.remedy });
  }
}

/** Of several that want to break it only one may, and looks once more: the next holder's is not touched. */
async function breakStale(folder: string): Promise<void> {
  const found = await staleOne(folder);
  if (found === undefined) return;
  const permit = `${folder}.${createHash('sha256').update(found).digest('hex').slice(0, 32)}`;
  const isPermitted = await mkdir(permit, { mode: 0o700 }).then(
    () => true,
    () => false,
  );
  if (!isPermitted) return;
  try {
    if ((await staleOne(folder)) === found) await removeAside(folder);
  } finally {
    await rm(permit, { recursive: true, force: true });
  }
}

async function removeAside(folder: string): Promise<void> {
  const aside = `${folder}.${randomUUID()}`;
  // Its holder may not have been dead after all, and have just let it go.
  const isAside = await rename(folder, aside).then(
    () => true,
    () => false,
  );
  if (isAside) await rm(aside, { recursive: true, force: true });
}

/** What tells a lock that nobody touches from others of its name; undefined if it is touched, or not there. */
async function staleOne(folder: string): Promise<string | undefined> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || Date.now() - found.mtimeMs < staleMs) return undefined;
  const marks = await readdir(folder).catch(() => undefined);
  return marks && [found.mtimeMs, ...marks].join(' ');
}

// By its code: an error of another realm is no instance of this one's Error.
const isExisting = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST';
