// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

const tables = `
  create table retention (
    team_id uuid not null default app_team() references team on delete cascade,
    kind text not null check (kind in ('events', 'reports', 'results', 'scans')),
    days integer check (days between 1 and 36500),
    primary key (team_id, kind)
  );
  create table duty (
    name text primary key,
    holder text not null,
    until timestamptz not null
  );
  alter table blob add column unused_since timestamptz;
  create index blob_unused on blob (unused_since) where unused_since is not null;
  create index scan_report_blob on scan_report (blob);
  create index profile_blob on profile (blob);
  create index scan_finished on scan (team_id, finished_at) where finished_at is not null;
`;

const policies = `
  grant select, insert, update on retention to ${tenantRole};
  alter table retention enable row level security;
  create policy own_team on retention to ${tenantRole} using (team_id = app_team()) with check (team_id = app_team());
`;

// The same text from every server: before version 14 extract() gives a double, which drops what follows the last digit.
const auditHash = `
  create or replace function audit_hash(previous bytea, at timestamptz, team uuid, principal uuid, action text, object text, detail jsonb)
    returns bytea language sql immutable as $$
      select sha256(previous || convert_to(
        jsonb_build_array(
          extract(epoch from date_trunc('second', at))::bigint::text || '.'
            || lpad((extract(microseconds from at)::bigint % 1000000)::text, 6, '0'),
          team, principal, action, object, detail)::text, 'UTF8'))
    $$;
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const part of [tables, policies, auditHash])
    for (const statement of statementsOf(part)) await sql.raw(statement).execute(database);
}
