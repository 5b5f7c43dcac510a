// SPDX-License-Identifier: Apache-2.0
import { type Kysely, type RawBuilder, sql } from 'kysely';

/** A table as the database describes it: what migrations add is backed up without anybody thinking of it. */
export interface TableLayout {
  name: string;
  columns: string[];
  /** Columns of the primary key. */
  key: string[];
  /** The column that the database numbers, if there is one. */
  identity: string | null;
  /** Tables whose rows have to be there first. */
  refers: string[];
}

/** Not of the service's content: which migrations were made is in the head of a backup, and who holds what is of the moment. */
const leftOut = ['kysely_migration', 'kysely_migration_lock', 'duty', 'question', 'failed_sign_in', 'lease_ticket'];

/** Every table, those that others refer to first. */
export async function readLayout<T>(kysely: Kysely<T>): Promise<TableLayout[]> {
  const { rows } = await sql<TableLayout>`
    select c.relname::text as name,
      (select json_agg(a.attname order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      coalesce((select json_agg(a.attname order by array_position(i.indkey::smallint[], a.attnum)) from pg_index i
        join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
        where i.indrelid = c.oid and i.indisprimary), '[]'::json) as key,
      (select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attidentity <> '') as identity,
      coalesce((select json_agg(distinct f.relname) from pg_constraint k join pg_class f on f.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and f.oid <> c.oid), '[]'::json) as refers
    from pg_class c
    where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = current_schema()::regnamespace
    order by c.relname`.execute(kysely);
  return inOrder(rows.filter(({ name }) => !leftOut.includes(name)));
}

function inOrder(tables: TableLayout[]): TableLayout[] {
  const ordered: TableLayout[] = [];
  const isDone = (name: string) => ordered.some(each => each.name === name);
  while (ordered.length < tables.length) {
    const next = tables.filter(({ name, refers }) => !isDone(name) && refers.every(isDone));
    if (next.length === 0) throw new Error('tables refer to each other in a circle');
    ordered.push(...next);
  }
  return ordered;
}

/** As a list of names. */
export const names = (columns: string[]): RawBuilder<unknown> => sql.join(columns.map(column => sql.ref(column)));
