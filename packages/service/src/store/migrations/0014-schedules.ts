// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

// The key of a firing is what keeps it from happening twice: whichever replica it is, whatever its clock says.
const tables = `
  create table schedule (
    id uuid primary key,
    team_id uuid not null default app_team() references team on delete cascade,
    slug text not null,
    cron text,
    zone text,
    every_seconds integer,
    anchor_at timestamptz not null,
    jitter_seconds integer not null,
    ask jsonb not null,
    callback_shown text,
    callback_sealed bytea,
    made_by uuid not null references principal,
    paused_at timestamptz,
    nominal_at timestamptz,
    due_at timestamptz,
    planned_at timestamptz not null,
    created_at timestamptz not null default now(),
    unique (team_id, slug),
    check ((cron is null) = (zone is null)),
    check ((cron is null) <> (every_seconds is null)),
    check ((paused_at is null) = (nominal_at is not null)),
    check ((nominal_at is null) = (due_at is null))
  );
  create index schedule_due on schedule (due_at) where paused_at is null;
  create table schedule_firing (
    schedule_id uuid not null references schedule on delete cascade,
    at timestamptz not null,
    team_id uuid not null default app_team() references team on delete cascade,
    fired_at timestamptz not null,
    missed_since timestamptz,
    outcome text not null check (outcome in ('asked', 'skipped', 'refused')),
    joined boolean not null default false,
    scan_id uuid references scan on delete set null,
    error jsonb,
    primary key (schedule_id, at),
    check ((outcome = 'refused') = (error is not null))
  );
  create index schedule_firing_scan on schedule_firing (scan_id);
`;

const policies = ['schedule', 'schedule_firing']
  .map(
    table => `
  grant select, insert, update, delete on ${table} to ${tenantRole};
  alter table ${table} enable row level security;
  create policy own_team on ${table} to ${tenantRole} using (team_id = app_team()) with check (team_id = app_team());`,
  )
  .join('');

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(tables + policies)) await sql.raw(statement).execute(database);
}
