// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { ScanError, toMessage } from '@cinc-scan/core';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Blobs } from '../blobs/blobs.ts';
import { knownMigrations, migrate, migrateTo, readMigrations } from '../store/migrate.ts';
import type { Tables } from '../store/tables.ts';
import { type BackupBlob, type BackupCounts, type BackupHead, type OpenedArchive, openArchive } from './archive.ts';
import { names, readLayout, type TableLayout } from './layout.ts';

export interface RestoreParts {
  kysely: Kysely<Tables>;
  blobs: Blobs;
}

export interface Restored extends BackupCounts {
  head: BackupHead;
}

/**
 * Fills an empty service with a backup, all of it or nothing: rows are there once its end was read and its digest was right.
 * Rows of an earlier layout are brought to today's. Throws BACKUP_INVALID, BACKUP_VERSION, SERVICE_NOT_EMPTY, SERVICE_DATA.
 */
export async function restore({ kysely, blobs }: RestoreParts, source: Readable): Promise<Restored> {
  const archive = await openArchive(source);
  const { head } = archive;
  await prepare(kysely, head);
  const counts = await kysely.transaction().execute(transaction => fill(transaction, archive, blobs));
  await migrate(kysely);
  return { head, ...counts };
}

/** Reads a whole backup and keeps nothing of it. Throws what makes it useless. */
export async function checkBackup(source: Readable): Promise<Restored> {
  const { head, parts } = await openArchive(source);
  requireKnown(head);
  for (;;) {
    const { value, done } = await parts.next();
    if (done === true) return { head, ...value };
    if (value.kind === 'blob') for await (const _ of value.content);
  }
}

/** Tables of the layout that the backup has, without a row. */
async function prepare(kysely: Kysely<Tables>, head: BackupHead): Promise<void> {
  requireKnown(head);
  const there = await readMigrations(kysely);
  if (there.length === 0) return migrateTo(kysely, head.migrations.at(-1) ?? '');
  const filled = await filledTable(kysely);
  if (filled !== undefined) throw notEmpty(`its table ${filled} has rows`);
  if (there.join() !== head.migrations.join()) throw notEmpty('its tables have another layout than the backup');
}

const notEmpty = (problem: string): ScanError =>
  new ScanError('SERVICE_NOT_EMPTY', `The database is not for a restore: ${problem}`);

function requireKnown({ migrations }: BackupHead): void {
  const later = migrations.find(name => !knownMigrations.includes(name));
  if (later !== undefined)
    throw new ScanError('BACKUP_VERSION', `The backup was made by a later version: its layout has ${later}`);
  const isWhole = knownMigrations.slice(0, migrations.length).join() === migrations.join();
  if (!isWhole) throw new ScanError('BACKUP_INVALID', 'The backup cannot be used: its layout is none that there was');
}

async function filledTable(kysely: Kysely<Tables>): Promise<string | undefined> {
  for (const { name } of await readLayout(kysely)) {
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(kysely);
    if (rows.length > 0) return name;
  }
  return undefined;
}

async function fill(transaction: Transaction<Tables>, { parts }: OpenedArchive, blobs: Blobs): Promise<BackupCounts> {
  const layout = await readLayout(transaction);
  const rows = new RowBatch(transaction, layout);
  let last = '';
  for (;;) {
    const { value, done } = await parts.next();
    if (done === true) {
      await rows.flush();
      await requireContents(transaction, value);
      await goOnCounting(transaction, layout);
      return value;
    }
    if (value.kind === 'row') {
      await rows.add(value.table, value.json);
      continue;
    }
    await rows.flush();
    await requireNamed(transaction, value, last);
    await keep(blobs, value);
    last = value.digest;
  }
}

/** Each once, and none that no row is about. */
async function requireNamed(
  transaction: Transaction<Tables>,
  { digest, bytes }: BackupBlob,
  last: string,
): Promise<void> {
  const row = await transaction
    .selectFrom('blob')
    .select('digest')
    .where('digest', '=', digest)
    .where('bytes', '=', bytes)
    .executeTakeFirst();
  if (row !== undefined && digest > last) return;
  throw new ScanError('BACKUP_INVALID', `The backup cannot be used: no row is about the content ${digest}`);
}

async function keep(blobs: Blobs, { digest, content }: BackupBlob): Promise<void> {
  const kept = await blobs.putStream(content);
  if (kept.digest === digest) return;
  throw new ScanError('BACKUP_INVALID', `The backup cannot be used: a content is not that of its digest ${digest}`);
}

const batchBytes = 4 * 1_048_576;

/** Rows of one table on their way into it, many at once. */
class RowBatch {
  private readonly transaction: Transaction<Tables>;
  private readonly layout: TableLayout[];
  private table = '';
  private rows: string[] = [];
  private length = 0;

  constructor(transaction: Transaction<Tables>, layout: TableLayout[]) {
    this.transaction = transaction;
    this.layout = layout;
  }

  async add(table: string, json: string): Promise<void> {
    if (table !== this.table || this.length > batchBytes) await this.flush();
    this.table = table;
    this.rows.push(json);
    this.length += json.length;
  }

  async flush(): Promise<void> {
    if (this.rows.length === 0) return;
    const table = this.layout.find(({ name }) => name === this.table);
    if (table === undefined)
      throw new ScanError('BACKUP_INVALID', `The backup cannot be used: there is no table ${this.table}`);
    try {
      await this.insert(table);
    } catch (error) {
      // What the database says of a row may hold its values.
      const code = error instanceof Error && 'code' in error ? String(error.code) : toMessage(error).slice(0, 100);
      throw new ScanError('BACKUP_INVALID', `The backup cannot be used: rows of ${table.name} are refused (${code})`, {
        cause: error,
      });
    }
    this.rows = [];
    this.length = 0;
  }

  private async insert({ name, columns }: TableLayout): Promise<void> {
    const all = `[${this.rows.join(',')}]`;
    await sql`insert into ${sql.table(name)} (${names(columns)}) overriding system value
      select ${names(columns)} from jsonb_populate_recordset(null::${sql.table(name)}, ${all}::jsonb)`.execute(
      this.transaction,
    );
  }
}

/** A row that names a content which the backup lacks would be a result that nobody can read. */
async function requireContents(transaction: Transaction<Tables>, { blobs }: BackupCounts): Promise<void> {
  const { count } = await transaction
    .selectFrom('blob')
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirstOrThrow();
  if (count === blobs) return;
  throw new ScanError('BACKUP_INVALID', `The backup cannot be used: it has ${blobs} contents, and names ${count}`);
}

/** The next number is the one after the last that was restored. */
async function goOnCounting(transaction: Transaction<Tables>, layout: TableLayout[]): Promise<void> {
  for (const { name, identity } of layout) {
    if (identity === null) continue;
    const sequence = sql`pg_get_serial_sequence(${`"${name}"`}, ${identity})`;
    await sql`select setval(${sequence}, greatest(1, (select coalesce(max(${sql.ref(identity)}), 0) + 1 from ${sql.table(name)})), false)`.execute(
      transaction,
    );
  }
}
