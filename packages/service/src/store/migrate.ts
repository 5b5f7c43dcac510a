// SPDX-License-Identifier: Apache-2.0
import { ScanError, toMessage } from '@cinc-scan/core';
import { type Kysely, sql } from 'kysely';
import { type MigrationResultSet, Migrator } from 'kysely/migration';
import { migrations } from './migrations/index.ts';

/** In their order. */
export const knownMigrations: readonly string[] = Object.keys(migrations).toSorted();

const migratorOf = <T>(kysely: Kysely<T>): Migrator =>
  new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } });

/** Brings the tables to the layout of this version. Throws SERVICE_SCHEMA for a layout that is newer. */
export async function migrate<T>(kysely: Kysely<T>): Promise<void> {
  const there = await readMigrations(kysely); // a later version is told by its name
  if (there.length === knownMigrations.length) return;
  requireDone(await migratorOf(kysely).migrateToLatest());
}

/** Makes the tables as an earlier version had them. */
export async function migrateTo<T>(kysely: Kysely<T>, name: string): Promise<void> {
  requireDone(await migratorOf(kysely).migrateTo(name));
}

function requireDone({ error }: MigrationResultSet): void {
  if (error === undefined) return;
  throw new ScanError('SERVICE_SCHEMA', `The database cannot be brought to this version: ${toMessage(error)}`, {
    cause: error,
  });
}

/** The migrations that were made of a database, in their order; none of one that is new. Throws SERVICE_SCHEMA for a later one. */
export async function readMigrations<T>(kysely: Kysely<T>): Promise<string[]> {
  const { rows: tables } = await sql<{ is: boolean }>`select to_regclass('kysely_migration') is not null as is`.execute(
    kysely,
  );
  if (tables[0]?.is !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(kysely);
  const later = rows.find(({ name }) => !(name in migrations));
  if (later === undefined) return rows.map(({ name }) => name);
  throw new ScanError('SERVICE_SCHEMA', `The database was made by a later version: it has ${later.name}`, {
    remedy: 'Start the version that made it, or a later one.',
  });
}

/** Refuses a database that another version made. Throws SERVICE_SCHEMA. */
export async function requireMigrated<T>(kysely: Kysely<T>): Promise<void> {
  const there = await readMigrations(kysely);
  const missing = knownMigrations.filter(name => !there.includes(name));
  if (missing.length > 0)
    throw new ScanError('SERVICE_SCHEMA', `The database lacks what this version needs: ${missing.join(', ')}`);
}
