// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { statementsOf } from './statements.ts';

// Whoever asked for a scan is a row, with or without an idempotency key of their own: a scan ends with the last who lets go.
const columns = `
  alter table submission add column joined boolean not null default false;
  alter table submission add column let_go_at timestamptz;
  create index submission_scan on submission (scan_id);
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(columns)) await sql.raw(statement).execute(database);
}
