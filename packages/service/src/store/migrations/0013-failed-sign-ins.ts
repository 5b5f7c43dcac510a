// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { statementsOf } from './statements.ts';

// The view was for whoever verified the log by SQL; doctor trusts nothing that the database keeps.
const statements = `
  create table failed_sign_in (
    address bytea not null,
    minute timestamptz not null,
    count integer not null,
    primary key (address, minute)
  );
  drop view audit_broken;
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(statements)) await sql.raw(statement).execute(database);
}
