// SPDX-License-Identifier: Apache-2.0
import { ScanError, toMessage } from '@cinc-scan/core';
import { type Kysely, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { migrations } from './migrations/index.ts';

/** Brings the tables to the layout of this version. Throws SERVICE_SCHEMA for a layout that is newer. */
export async function migrate<T>(kysely: Kysely<T>): Promise<void> {
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  throw new ScanError('SERVICE_SCHEMA', `The database cannot be brought to this version: ${toMessage(error)}`, {
    cause: error,
  });
}

/** Refuses a database that another version made. Throws SERVICE_SCHEMA. */
export async function requireMigrated<T>(kysely: Kysely<T>): Promise<void> {
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } });
  const missing = (await migrator.getMigrations()).filter(({ executedAt }) => executedAt === undefined);
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new ScanError('SERVICE_SCHEMA', `The database lacks what this version needs: ${names}`);
  }
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(kysely);
  const later = rows.find(({ name }) => !(name in migrations));
  if (later !== undefined)
    throw new ScanError('SERVICE_SCHEMA', `The database was made by a later version: ${later.name}`);
}
