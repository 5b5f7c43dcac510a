// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ScanError } from '@cinc-scan/core';
import type { Command } from 'commander';
import type { BackupCounts } from '../backup/archive.ts';
import { backUp } from '../backup/backup.ts';
import { checkBackup, type Restored, restore } from '../backup/restore.ts';
import { ownVersion } from '../own-package.ts';
import { openPlace, type PlaceOptions, withData } from './data-place.ts';
import { writeWhole } from './whole-file.ts';

export function addBackupCommands(program: Command): void {
  withData(program.command('backup'))
    .description(
      'write all that the service keeps into one file; with an embedded database the service has to be stopped for it',
    )
    .argument('<place>', 'file to make, folder to make one in, or - for standard output')
    .action(makeBackup);
  withData(program.command('restore'))
    .description('fill an empty service with a backup, wherever that was made')
    .argument('<file>', 'backup, or - for standard input')
    .option('--check', 'read all of the backup, and restore nothing')
    .action(takeBackup);
}

type Options = Omit<PlaceOptions, 'isNew'>;

async function makeBackup(place: string, options: Options): Promise<void> {
  await using opened = await openPlace({ ...options, isNew: false });
  const parts = { kysely: opened.database.kysely, blobs: opened.blobs, service: ownVersion() };
  if (place === '-') {
    const counts = await backUp(parts, compressed => pipeline(compressed, process.stdout));
    process.stderr.write(`Written: ${told(counts)}\n`);
    return;
  }
  const path = await fileIn(place);
  const counts = await writeWhole(path, sink => backUp(parts, sink));
  process.stdout.write(`Written to ${path}: ${told(counts)}\n`);
}

async function fileIn(place: string): Promise<string> {
  const found = await stat(place).catch(() => undefined);
  if (found?.isDirectory() === true)
    return join(place, `cinc-scan-service-${new Date().toISOString().replaceAll(/[^0-9TZ]/g, '')}.backup`);
  if (found === undefined) return place;
  throw new ScanError('OUTPUT_UNWRITABLE', `Cannot write ${place}: it is there already`, {
    remedy: 'Name a file that is not there yet, or a folder.',
  });
}

async function takeBackup(file: string, { check, ...options }: Options & { check?: true }): Promise<void> {
  const source = openFile(file);
  if (check === true) {
    process.stdout.write(`The backup is whole: ${toldOf(await checkBackup(source))}\n`);
    return;
  }
  await using place = await openPlace({ ...options, isNew: true });
  const restored = await restore({ kysely: place.database.kysely, blobs: place.blobs }, source);
  process.stdout.write(
    `Restored: ${toldOf(restored)}\nCredentials of clusters are in no backup: put them where the service looks for them.\n`,
  );
}

const openFile = (path: string): Readable => (path === '-' ? process.stdin : createReadStream(path));

function told({ rows, blobs }: BackupCounts): string {
  const count = Object.values(rows).reduce((sum, each) => sum + each, 0);
  return `${rows['team'] ?? 0} teams, ${rows['scan'] ?? 0} scans, ${count} rows and ${blobs} contents in all`;
}

const toldOf = ({ head, ...counts }: Restored): string =>
  `made ${head.made} by version ${head.service}, ${told(counts)}`;
