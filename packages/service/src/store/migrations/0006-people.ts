// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

const tables = `
  create table sign_in_rule (
    id uuid primary key,
    team_id uuid references team on delete cascade,
    slug text not null,
    claims jsonb not null,
    role text not null,
    created_at timestamptz not null default now(),
    check (case when team_id is null then role in ('auditor', 'operator')
      else role in ('viewer', 'scanner', 'approver', 'admin') end)
  );
  create unique index sign_in_rule_of_team on sign_in_rule (team_id, slug) where team_id is not null;
  create unique index sign_in_rule_of_platform on sign_in_rule (slug) where team_id is null;
  alter table membership add column rule_id uuid references sign_in_rule on delete cascade;
  create index membership_of_rule on membership (rule_id) where rule_id is not null;
  create table platform_membership (
    principal_id uuid primary key references principal on delete cascade,
    role text not null check (role in ('auditor', 'operator')),
    rule_id uuid not null references sign_in_rule on delete cascade
  );
  create table session (
    id uuid primary key,
    hash bytea not null unique,
    principal_id uuid not null references principal on delete cascade,
    key_id uuid references api_key on delete cascade,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null
  );
  create index session_of_principal on session (principal_id);
  create table used_state (
    hash bytea primary key,
    expires_at timestamptz not null
  );
`;

const policies = `
  grant select, insert, delete on sign_in_rule to ${tenantRole};
  alter table sign_in_rule enable row level security;
  create policy own_team on sign_in_rule to ${tenantRole} using (team_id = app_team()) with check (team_id = app_team());
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const part of [tables, policies])
    for (const statement of statementsOf(part)) await sql.raw(statement).execute(database);
}
