// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { statementsOf } from './statements.ts';

// Of the moment: a row lives for as long as somebody waits for its answer.
const tables = `
  create table question (
    id uuid primary key,
    cluster_id uuid not null references cluster on delete cascade,
    team_id uuid references team on delete cascade,
    ask jsonb not null,
    expires_at timestamptz not null,
    runner text,
    answer jsonb
  );
  create index question_waiting on question (id) where runner is null;
  create index question_of_team on question (team_id);
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(tables)) await sql.raw(statement).execute(database);
}
