// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';
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
  type StoredContents,
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

  async put(name: string, contents: StoredContents, { condition, isPrivate = false }: PutOptions): Promise<PutAnswer> {
    const path = this.#pathOf(name);
    const { folder, workspace } = this.#place;
    try {
      await makeFolder(folder, workspace);
      await makeFolder(dirname(path), folder);
      if (isPrivate) await chmod(dirname(path), 0o700);
      return await placeFile(path, contents, {
        mode: isPrivate ? 0o600 : 0o644,
        commit: temporary =>
          withLock(
            join(dirname(path), `.${basename(path)}.lock`),
            { patienceMs, code: 'STORE_FAILED', words: lockWords },
            isHeld => Promise.resolve(commit({ temporary, path, condition }, isHeld)),
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

interface Commit {
  temporary: string;
  path: string;
  condition: PutCondition;
}

/** In one go, so that nothing else of this process comes between: a look, a last glance at the lock, the new name. */
function commit({ temporary, path, condition }: Commit, isHeld: IsHeld): PutAnswer {
  if (!fits(path, condition)) return conflict;
  const version = digestOfFile(temporary);
  if (!isHeld()) throw new Error('the run was stopped for so long that another has taken its turn');
  renameSync(temporary, path);
  return { kind: 'stored', version };
}

function fits(path: string, condition: PutCondition): boolean {
  if (condition.kind === 'new') return statSync(path, { throwIfNoEntry: false }) === undefined;
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true && digestOfFile(path) === condition.version;
}

/** Piece by piece: a state may be as large as all else in memory. */
function digestOfFile(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1_048_576);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) hash.update(piece.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
