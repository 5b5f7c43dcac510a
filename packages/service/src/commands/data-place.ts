// SPDX-License-Identifier: Apache-2.0
// Where a service keeps what it has, for commands that work on it while it is not there.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ScanError, Secret } from '@cinc-scan/core';
import type { Command } from 'commander';
import type { Blobs } from '../blobs/blobs.ts';
import { openBlobs } from '../blobs/open-blobs.ts';
import { lockFolder } from '../store/data-folder.ts';
import { type Database, hasDatabase, openDatabase } from '../store/open-database.ts';

/** For each command that works on what a service keeps. */
export const withData = (command: Command): Command =>
  command
    .option('--data <folder>', 'what the service keeps', usualData)
    .option(
      '--blobs <address>',
      'bucket of reports and profiles: s3://, gs:// or azblob:// (default: the data folder)',
    );

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

export interface PlaceOptions {
  data: string;
  /** Address of a bucket. */
  blobs?: string;
  /** Whether a database is made where there is none. */
  isNew: boolean;
}

/** The database that the environment names, or the one in the folder, which no service may use meanwhile. */
export async function openPlace({ data: folder, blobs: address, isNew }: PlaceOptions): Promise<DataPlace> {
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
  const blobs = openBlobs({ data: folder, address, environment: process.env });
  const owned = stack.move();
  return { database, blobs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
