// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Blobs } from '../blobs/blobs.ts';
import { withoutDeletions } from '../store/contents.ts';
import { readMigrations } from '../store/migrate.ts';
import type { Tables } from '../store/tables.ts';
import { type BackupBlob, type BackupCounts, type BackupPart, type BackupRow, writeArchive } from './archive.ts';
import { names, readLayout, type TableLayout } from './layout.ts';

export interface BackupParts {
  kysely: Kysely<Tables>;
  blobs: Blobs;
  /** Version of the program. */
  service: string;
}

/** Writes all rows, as they are at one moment, and all content that they refer to. Throws SERVICE_SCHEMA, SERVICE_DATA. */
export async function backUp(
  { kysely, blobs, service }: BackupParts,
  sink: (compressed: AsyncIterable<Buffer>) => Promise<void>,
): Promise<BackupCounts> {
  return withoutDeletions(kysely, connection =>
    connection
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async transaction => {
        const migrations = await readMigrations(transaction);
        if (migrations.length === 0) throw new ScanError('SERVICE_SCHEMA', 'The database has no tables of a service');
        const head = { service, made: new Date().toISOString(), migrations };
        return writeArchive(head, partsOf(transaction, blobs), sink);
      }),
  );
}

async function* partsOf(transaction: Transaction<Tables>, blobs: Blobs): AsyncGenerator<BackupPart> {
  await sameText(transaction);
  for (const table of await readLayout(transaction)) yield* rowsOf(transaction, table);
  yield* blobsOf(transaction, blobs);
}

/** Moments and bytes are the same text from every server; and rows that are kept from us are an error, not left out. */
async function sameText(transaction: Transaction<Tables>): Promise<void> {
  for (const [name, value] of [
    ['timezone', 'UTC'],
    ['bytea_output', 'hex'],
    ['row_security', 'off'],
  ])
    await sql`select set_config(${name}, ${value}, true)`.execute(transaction);
}

const rowsAtOnce = 200;

async function* rowsOf(transaction: Transaction<Tables>, { name, key }: TableLayout): AsyncGenerator<BackupRow> {
  const order = key.length === 0 ? sql`` : sql`order by ${names(key)}`;
  await sql`declare backed_up no scroll cursor for select to_jsonb(t)::text as json from ${sql.table(name)} as t ${order}`.execute(
    transaction,
  );
  for (;;) {
    const { rows } = await sql<{
      json: string;
    }>`fetch ${sql.raw(String(rowsAtOnce))} from backed_up`.execute(transaction);
    for (const { json } of rows) yield { kind: 'row', table: name, json };
    if (rows.length < rowsAtOnce) break;
  }
  await sql`close backed_up`.execute(transaction);
}

async function* blobsOf(transaction: Transaction<Tables>, blobs: Blobs): AsyncGenerator<BackupBlob> {
  for (let after = ''; ; ) {
    const rows = await transaction
      .selectFrom('blob')
      .select(['digest', 'bytes'])
      .where('digest', '>', after)
      .orderBy('digest')
      .limit(rowsAtOnce)
      .execute();
    for (const { digest, bytes } of rows)
      yield { kind: 'blob', digest, bytes: Number(bytes), content: await blobs.getStream(digest) };
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.digest;
  }
}
