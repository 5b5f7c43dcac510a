// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobPlace, Draft } from './blob-place.ts';

/** Contents as files of a folder, for the user of the service alone. */
export class FolderPlace implements BlobPlace {
  readonly address: string;
  readonly draftFolder: string;

  constructor(folder: string) {
    this.address = folder;
    this.draftFolder = folder;
  }

  async dateOf(name: string): Promise<Date | undefined> {
    return stat(join(this.address, name)).then(
      ({ mtime }) => mtime,
      () => undefined,
    );
  }

  async list(prefix: string): Promise<string[]> {
    const names = await readdir(join(this.address, prefix)).catch(() => []);
    return names.map(name => `${prefix}${name}`);
  }

  /** Drafts are on the disk before they get their names: what has one is whole, also after a power cut. */
  async put(name: string, { path }: Draft): Promise<void> {
    const target = join(this.address, name);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rename(path, target);
    await syncFolder(dirname(target));
  }

  async get(name: string): Promise<AsyncIterable<Uint8Array>> {
    return createReadStream(join(this.address, name));
  }

  async delete(name: string): Promise<void> {
    await rm(join(this.address, name), { force: true });
  }
}

/** Without it a name may be gone after a power cut whose row is there. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
