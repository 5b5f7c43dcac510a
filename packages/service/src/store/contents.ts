// SPDX-License-Identifier: Apache-2.0
// Which contents there are, and whether a row still refers to them. The contents themselves lie elsewhere.
import { ScanError } from '@cinc-scan/core';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { AnyTransaction, PlatformTransaction } from './store.ts';

export interface Content {
  digest: string;
  bytes: number;
}

export type IsThere = (digest: string) => Promise<boolean>;

/** Whoever records contents and whoever deletes one wait for each other; in one order, so that nobody waits in a circle. */
const lockContents = (transaction: AnyTransaction, digests: readonly string[]) =>
  sql`select pg_advisory_xact_lock(hashtextextended('cinc-scan content ' || digest, 0))
    from (select digest from unnest(${[...digests]}::text[]) as digest order by digest collate "C" offset 0) as ordered`.execute(
    transaction,
  );

const lockContent = (transaction: AnyTransaction, digest: string) => lockContents(transaction, [digest]);

/** That contents are kept: rows may name them from now on. */
export async function recordContents(transaction: AnyTransaction, contents: readonly Content[]): Promise<void> {
  const known = new Map(contents.map(({ digest, bytes }) => [digest, bytes]));
  if (known.size === 0) return;
  await lockContents(transaction, [...known.keys()]);
  await transaction
    .insertInto('blob')
    .values([...known].map(([digest, bytes]) => ({ digest, bytes })))
    .onConflict(conflict => conflict.column('digest').doNothing())
    .execute();
}

/**
 * The same for contents that nobody could put again: what lay unused until now may be deleted at the moment when it was found to
 * be there. Throws SERVICE_DATA, and then nothing refers to it.
 */
export async function recordSurely(
  transaction: AnyTransaction,
  contents: readonly Content[],
  isThere: IsThere,
): Promise<void> {
  await recordContents(transaction, contents);
  const found = await Promise.all(contents.map(({ digest }) => isThere(digest)));
  const lost = contents.find((_, index) => found[index] !== true);
  if (lost !== undefined)
    throw new ScanError('SERVICE_DATA', `Content ${lost.digest} was deleted before it was recorded`);
}

interface Reference {
  table: string;
  column: string;
}

/** By the database's own account, so that no table is forgotten. */
async function readReferences(transaction: AnyTransaction): Promise<RawBuilder<boolean>> {
  const { rows } = await sql<Reference>`
    select c.relname::text as table, a.attname::text as column
    from pg_constraint k join pg_class c on c.oid = k.conrelid
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.confrelid = 'blob'::regclass order by 1, 2`.execute(transaction);
  const each = rows.map(
    ({ table, column }) =>
      sql`exists (select from ${sql.table(table)} where ${sql.ref(`${table}.${column}`)} = blob.digest)`,
  );
  return sql`(${sql.join(each, sql` or `)})`;
}

/** Notes since when contents are unused, and forgets it of those that are used again. */
export async function noteUnused(transaction: PlatformTransaction, now: Date): Promise<void> {
  const isUsed = await readReferences(transaction);
  await sql`update blob set unused_since = ${now} where unused_since is null and not ${isUsed}`.execute(transaction);
  await sql`update blob set unused_since = null where unused_since is not null and ${isUsed}`.execute(transaction);
}

export const unusedSince = (transaction: PlatformTransaction, before: Date, limit: number) =>
  transaction
    .selectFrom('blob')
    .select('digest')
    .where('unused_since', '<', before)
    .orderBy('unused_since')
    .limit(limit)
    .execute();

/** Deletes one content and what is known of it, unless something refers to it by now; false then. */
export async function deleteUnused(
  transaction: PlatformTransaction,
  digest: string,
  remove: () => Promise<void>,
): Promise<boolean> {
  await lockContent(transaction, digest);
  const isUsed = await readReferences(transaction);
  const { numAffectedRows } = await sql`delete from blob where digest = ${digest} and not ${isUsed}`.execute(
    transaction,
  );
  if (numAffectedRows !== 1n) return false;
  await remove();
  return true;
}

/** Deletes one content of which nothing is known, unless it is recorded by now. */
export async function deleteStray(
  transaction: PlatformTransaction,
  digest: string,
  remove: () => Promise<void>,
): Promise<boolean> {
  await lockContent(transaction, digest);
  const known = await transaction.selectFrom('blob').select('digest').where('digest', '=', digest).executeTakeFirst();
  if (known !== undefined) return false;
  await remove();
  return true;
}

export async function unknownAmong(transaction: PlatformTransaction, digests: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ digest: string }>`
    select digest from unnest(${[...digests]}::text[]) as digest
    where not exists (select from blob where blob.digest = digest.digest)`.execute(transaction);
  return rows.map(({ digest }) => digest);
}

const backupLock = sql`hashtextextended('cinc-scan backup', 0)`;

/** For as long as a backup reads contents, none is deleted. Ends with the connection, at the latest. */
export async function withoutDeletions<DB, T>(
  kysely: Kysely<DB>,
  work: (connection: Kysely<DB>) => Promise<T>,
): Promise<T> {
  return kysely.connection().execute(async connection => {
    await sql`select pg_advisory_lock_shared(${backupLock})`.execute(connection);
    try {
      return await work(connection);
    } finally {
      await sql`select pg_advisory_unlock_shared(${backupLock})`.execute(connection);
    }
  });
}

/** Whether contents may be deleted in this transaction: no backup is being made. */
export async function mayDelete(transaction: PlatformTransaction): Promise<boolean> {
  const { rows } = await sql<{ may: boolean }>`select pg_try_advisory_xact_lock(${backupLock}) as may`.execute(
    transaction,
  );
  return rows[0]?.may === true;
}
