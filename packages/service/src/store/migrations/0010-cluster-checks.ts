// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { statementsOf } from './statements.ts';

const columns = `
  alter table cluster add column checked_at timestamptz;
  alter table cluster add column findings jsonb;
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(columns)) await sql.raw(statement).execute(database);
}
