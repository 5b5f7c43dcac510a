// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { statementsOf } from './statements.ts';

const columns = `
  alter table scan add column imported jsonb;
  alter table scan add column import_key text;
  alter table scan add constraint scan_imported_check
    check ((imported is null) = (import_key is null) and (imported is null or state in ('done', 'failed')));
  create unique index scan_import on scan (team_id, import_key) where import_key is not null;
  create index scan_run on scan (team_id, run_id) where run_id is not null;
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(columns)) await sql.raw(statement).execute(database);
}
