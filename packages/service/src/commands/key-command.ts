// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import { type Command, Option } from 'commander';
import { type PlatformRole, platformRoles } from '../domain/roles.ts';
import { createFirstKey } from '../store/keys.ts';
import { requireMigrated } from '../store/migrate.ts';
import { Store } from '../store/store.ts';
import { openPlace, type PlaceOptions, withData } from './data-place.ts';

interface KeyOptions extends Omit<PlaceOptions, 'isNew'> {
  role: PlatformRole;
  name: string;
  days: string;
}

export function addKeyCommand(program: Command): void {
  withData(program.command('key'))
    .description(
      'make a key of the platform where nobody has one any more; with an embedded database the service has to be stopped for it',
    )
    .addOption(new Option('--role <role>', 'what it may').choices([...platformRoles]).default('operator'))
    .option('--name <name>', 'whose it is', 'operator')
    .option('--days <number>', 'until it expires', '90')
    .action(makeKey);
}

/** Whoever reaches the database may do all anyway; the audit log says that it was made from here, by nobody who signed in. */
async function makeKey({ role, name, days, ...place }: KeyOptions): Promise<void> {
  const expiresAt = new Date(Date.now() + readDays(days) * 86_400_000);
  await using opened = await openPlace({ ...place, isNew: false });
  const { kysely } = opened.database;
  await requireMigrated(kysely);
  const key = { name, role, team: null, expiresAt };
  const made = await new Store(kysely).asPlatform(transaction => createFirstKey(transaction, key, null));
  process.stdout.write(`Key of ${role} ${name}, shown this once: ${made.text.reveal()}\n`);
}

function readDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 366) return days;
  throw new ScanError('INPUT_INVALID', `days: expected 1 to 366, not "${text}"`);
}
