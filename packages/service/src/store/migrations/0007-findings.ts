// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

const tables = `
  create table finding_source (
    id uuid primary key,
    team_id uuid not null default app_team() references team on delete cascade,
    cluster text not null,
    name text not null,
    tool text not null,
    area text not null,
    target text not null,
    place jsonb,
    profile text,
    looked boolean not null,
    problem text,
    at timestamptz not null,
    looked_at timestamptz,
    coverage jsonb,
    scan_id uuid references scan on delete set null,
    digest text,
    unique (team_id, cluster, name)
  );
  create table finding (
    id uuid primary key,
    team_id uuid not null default app_team() references team on delete cascade,
    cluster text not null,
    fingerprint text not null,
    status text not null check (status in ('new', 'known', 'returned', 'unsure', 'fixed')),
    because text not null,
    severity text not null,
    area text not null,
    kind text not null,
    rule text not null,
    target text not null,
    namespace text,
    workload text,
    container text,
    profile text,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    changed_at timestamptz not null,
    document jsonb not null,
    unique (team_id, cluster, fingerprint)
  );
  create table finding_sighting (
    finding_id uuid not null references finding on delete cascade,
    source_id uuid not null references finding_source on delete cascade,
    team_id uuid not null default app_team() references team on delete cascade,
    standing text not null check (standing in ('open', 'unsure', 'fixed')),
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    seen jsonb not null,
    primary key (finding_id, source_id)
  );
  create table finding_event (
    id uuid primary key,
    finding_id uuid not null references finding on delete cascade,
    team_id uuid not null default app_team() references team on delete cascade,
    at timestamptz not null,
    status text not null,
    because text not null,
    source text not null,
    scan_id uuid references scan on delete set null
  );
  create index finding_sighting_source on finding_sighting (source_id);
  create index finding_event_finding on finding_event (finding_id, id desc);
  create index finding_event_scan on finding_event (scan_id);
  create index finding_source_scan on finding_source (scan_id);
  alter table retention drop constraint retention_kind_check;
  alter table retention add constraint retention_kind_check
    check (kind in ('events', 'reports', 'results', 'scans', 'findings'));
`;

// A list goes on where the page before it ended, whatever it is filtered by: each filter has the order of the list behind it.
const lists = ['', 'status', 'severity', 'cluster', 'namespace', 'workload', 'profile', 'area', 'rule', 'fingerprint']
  .map(
    column => `
  create index finding_by_${column === '' ? 'age' : column} on finding (team_id, ${column === '' ? '' : `${column}, `}id desc);`,
  )
  .join('');

const own = ['finding_source', 'finding', 'finding_sighting', 'finding_event']
  .map(
    table => `
  grant select, insert, update on ${table} to ${tenantRole};
  alter table ${table} enable row level security;
  create policy own_team on ${table} to ${tenantRole} using (team_id = app_team()) with check (team_id = app_team());`,
  )
  .join('');

const among = (part: string, value: string) =>
  `((select app_scope('${part}')) is null or ${value} = any ((select app_scope('${part}'))::text[]))`;

// As for scans: a key that is for some namespaces sees nothing that is of none.
const scopes = `
  create policy within_scope on finding as restrictive to ${tenantRole}
    using (${among('clusters', 'cluster')} and ${among('namespaces', 'namespace')} and ${among('profiles', 'profile')});
  create policy within_scope on finding_source as restrictive to ${tenantRole}
    using (${among('clusters', 'cluster')} and ${among('namespaces', "place ->> 'namespace'")} and ${among('profiles', 'profile')});
  create policy within_scope on finding_sighting as restrictive to ${tenantRole}
    using (not (select app_is_scoped()) or exists (select from finding where finding.id = finding_id));
  create policy within_scope on finding_event as restrictive to ${tenantRole}
    using (not (select app_is_scoped()) or exists (select from finding where finding.id = finding_id));
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const part of [tables, lists, own, scopes])
    for (const statement of statementsOf(part)) await sql.raw(statement).execute(database);
}
