// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { statementsOf } from './statements.ts';

// Of the moment, as leases are: what a pod presents for one attempt, as hashes.
const tables = `
  create table lease_ticket (
    scan_id uuid not null references scan on delete cascade,
    attempt integer not null,
    public_id text not null unique,
    hash bytea not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    taken_by text,
    key_public_id text unique,
    key_hash bytea,
    key_expires_at timestamptz not null,
    primary key (scan_id, attempt)
  );
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(tables)) await sql.raw(statement).execute(database);
}
