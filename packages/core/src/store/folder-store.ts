// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { renameSync, statSync } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toMessage } from '../errors/index.ts';
import { readBounded } from '../request/index.ts';
import { type IsHeld, withLock } from './lock.ts';
import {
  mostObjectBytes,
  type ObjectStore,
  type PutAnswer,
  type PutCondition,
  type PutOptions,
  requireName,
  type StoredObject,
  storeFailed,
} from './object-store.ts';
import { makeFolder, placeFile } from './write-atomic.ts';

export interface FolderPlace {
  /** Absolute. */
  folder: string;
  /** No link leads out of it, where the folder lies in it. */
  workspace: string;
  /** The one file that is meant, where the user named it: such a name may be any. */
  file?: string;
}

const lockWords = {
  held: 'Another run is writing the same, or was killed while it did',
  unusable: 'The folder cannot be used',
  remedy: 'Make the folder writable for the user of the run.',
};
const patienceMs = 30_000;

/** Objects as files. What is compared and what replaces it happens under a lock that a killed run loses. */
export class FolderStore implements ObjectStore {
  readonly address: string;
  readonly isTrusted = true;
  readonly #place: FolderPlace;

  constructor(place: FolderPlace) {
    this.address = place.folder;
    this.#place = place;
  }

  async get(name: string): Promise<StoredObject | undefined> {
    const read = readBounded(this.#pathOf(name), mostObjectBytes);
    if (read.kind === 'bytes') return { bytes: read.bytes, version: digestOf(read.bytes) };
    if (read.isMissing) return undefined;
    throw storeFailed(`${this.address}/${name}`, read.problem);
  }

  async put(name: string, bytes: Uint8Array, { condition, isPrivate = false }: PutOptions): Promise<PutAnswer> {
    const path = this.#pathOf(name);
    const { folder, workspace } = this.#place;
    try {
      await makeFolder(folder, workspace);
      await makeFolder(dirname(path), folder);
      if (isPrivate) await chmod(dirname(path), 0o700);
      return await placeFile(path, bytes, {
        mode: isPrivate ? 0o600 : 0o644,
        commit: temporary =>
          withLock(
            join(dirname(path), `.${basename(path)}.lock`),
            { patienceMs, code: 'STORE_FAILED', words: lockWords },
            isHeld => Promise.resolve(commit({ temporary, path, condition }, isHeld) ? stored(bytes) : conflict),
          ),
      });
    } catch (error) {
      throw storeFailed(`${this.address}/${name}`, toMessage(error), { cause: error });
    }
  }

  async list(prefix: string): Promise<string[]> {
    const entries = await readdir(this.#place.folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const { length } = this.#place.folder;
    return entries
      .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
      .map(entry => join(entry.parentPath, entry.name).slice(length + 1))
      .filter(name => name.startsWith(prefix))
      .toSorted();
  }

  #pathOf(name: string): string {
    const { folder, file } = this.#place;
    return join(folder, name === file ? name : requireName(name, this.address));
  }
}

const conflict: PutAnswer = { kind: 'conflict' };
const stored = (bytes: Uint8Array): PutAnswer => ({ kind: 'stored', version: digestOf(bytes) });

interface Commit {
  temporary: string;
  path: string;
  condition: PutCondition;
}

/** In one go, so that nothing else of this process comes between: a look, a last glance at the lock, the new name. */
function commit({ temporary, path, condition }: Commit, isHeld: IsHeld): boolean {
  if (!fits(path, condition)) return false;
  if (!isHeld()) throw new Error('the run was stopped for so long that another has taken its turn');
  renameSync(temporary, path);
  return true;
}

function fits(path: string, condition: PutCondition): boolean {
  if (condition.kind === 'new') return statSync(path, { throwIfNoEntry: false }) === undefined;
  const read = readBounded(path, mostObjectBytes);
  return read.kind === 'bytes' && digestOf(read.bytes) === condition.version;
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
