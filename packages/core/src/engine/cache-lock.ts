// SPDX-License-Identifier: Apache-2.0
import { type LockOptions, withLock } from '../store/index.ts';

const words = {
  held: 'Another process is fetching the same',
  unusable: 'The cache cannot be used',
  remedy: 'Make the cache folder writable, or name another one in CINC_SCAN_CACHE.',
};

/** Does the work alone among all processes that use the same cache; waits for its turn. */
export const withCacheLock = <T>(
  folder: string,
  options: Omit<LockOptions, 'words'>,
  work: () => Promise<T>,
): Promise<T> => withLock(folder, { ...options, words }, work);
