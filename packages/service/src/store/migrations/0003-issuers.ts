// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

const tables = `
  create table issuer (
    id uuid primary key,
    team_id uuid references team on delete cascade,
    slug text not null,
    url text not null,
    audience text not null,
    jwks jsonb,
    created_at timestamptz not null default now()
  );
  create unique index issuer_of_team on issuer (team_id, slug) where team_id is not null;
  create unique index issuer_of_platform on issuer (slug) where team_id is null;
  create index issuer_url on issuer (url);
  create table claim_rule (
    id uuid primary key,
    issuer_id uuid not null references issuer on delete cascade,
    team_id uuid not null references team on delete cascade,
    slug text not null,
    claims jsonb not null,
    role text not null check (role in ('viewer', 'scanner', 'approver')),
    scope jsonb,
    minutes integer not null check (minutes between 1 and 1440),
    created_at timestamptz not null default now(),
    unique (issuer_id, team_id, slug)
  );
  create table principal_identity (
    source text not null,
    subject text not null,
    principal_id uuid not null references principal on delete cascade,
    primary key (source, subject)
  );
  alter table api_key add column rule_id uuid references claim_rule on delete cascade;
  create index api_key_of_rule on api_key (rule_id) where rule_id is not null;
  create index scan_requested_by on scan (requested_by);
`;

// A team uses the platform's issuers and its own; which rules the others have it does not see.
const policies = `
  grant select, insert, delete on issuer, claim_rule to ${tenantRole};
  alter table issuer enable row level security;
  create policy usable on issuer for select to ${tenantRole} using (team_id is null or team_id = app_team());
  create policy own_new on issuer for insert to ${tenantRole} with check (team_id = app_team());
  create policy own_gone on issuer for delete to ${tenantRole} using (team_id = app_team());
  alter table claim_rule enable row level security;
  create policy own_team on claim_rule to ${tenantRole} using (team_id = app_team()) with check (team_id = app_team());
  create policy requesters on principal for select to ${tenantRole}
    using (exists (select from scan where requested_by = principal.id and team_id = app_team()));
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const part of [tables, policies])
    for (const statement of statementsOf(part)) await sql.raw(statement).execute(database);
}
