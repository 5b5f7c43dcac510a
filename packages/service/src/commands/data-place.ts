// SPDX-License-Identifier: Apache-2.0
// Where a service keeps what it has, for commands that work on it while it is not there.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ScanError, Secret } from '@cinc-scan/core';
import type { Blobs } from '../blobs/blobs.ts';
import { FolderBlobs } from '../blobs/folder-blobs.ts';
import { lockFolder } from '../store/data-folder.ts';
import { type Database, hasDatabase, openDatabase } from '../store/open-database.ts';

export const usualData = join(homedir(), '.local/share/cinc-scan-service');

/** An address with a password belongs into no argument: other users see those. */
export function databaseAddress(): Secret | undefined {
  const given = process.env['CINC_SCAN_DATABASE'];
  return given === undefined || given === '' ? undefined : new Secret(given);
}

export interface DataPlace extends AsyncDisposable {
  database: Database;
  blobs: Blobs;
}

/** The database that the environment names, or the one in the folder, which no service may use meanwhile. */
export async function openPlace(folder: string, { isNew }: { isNew: boolean }): Promise<DataPlace> {
  await using stack = new AsyncDisposableStack();
  const url = databaseAddress();
  if (url === undefined) {
    if (!isNew && !hasDatabase(folder))
      throw new ScanError('SERVICE_DATA', `There is no service in ${folder}`, {
        remedy: 'Name its folder with --data, or its database with CINC_SCAN_DATABASE.',
      });
    stack.use(await lockFolder(folder));
  }
  const database = stack.use(
    await openDatabase(url === undefined ? { kind: 'folder', folder } : { kind: 'server', url }),
  );
  const blobs = new FolderBlobs(join(folder, 'blobs'));
  const owned = stack.move();
  return { database, blobs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
