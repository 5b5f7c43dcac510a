// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

const tables = `
  create table judged (
    team_id uuid not null default app_team() references team on delete cascade,
    cluster text not null,
    namespace text not null,
    workload text not null,
    container text not null,
    profile text not null,
    at timestamptz not null,
    scan_id uuid not null references scan on delete cascade,
    primary key (team_id, cluster, namespace, workload, container, profile)
  );
  create index judged_scan on judged (scan_id);
  create table obligation (
    id uuid primary key,
    team_id uuid not null default app_team() references team on delete cascade,
    slug text not null,
    cluster text,
    namespaces text[],
    selector text,
    profile text not null,
    within_days integer not null,
    grace_days integer not null,
    made_by uuid not null references principal,
    created_at timestamptz not null default now(),
    listed_at timestamptz,
    list_due_at timestamptz not null,
    gaps jsonb not null default '[]',
    unique (team_id, slug)
  );
  create index obligation_list_due on obligation (list_due_at);
  create table obligation_workload (
    id uuid primary key,
    obligation_id uuid not null references obligation on delete cascade,
    team_id uuid not null default app_team() references team on delete cascade,
    cluster text not null,
    namespace text not null,
    kind text not null,
    name text not null,
    containers text[] not null,
    first_seen_at timestamptz not null,
    seen_at timestamptz not null,
    unique (obligation_id, cluster, namespace, kind, name)
  );
  create index obligation_workload_page on obligation_workload (obligation_id, id);
`;

const policies = ['judged', 'obligation', 'obligation_workload']
  .map(
    table => `
  grant select, insert, update, delete on ${table} to ${tenantRole};
  alter table ${table} enable row level security;
  create policy own_team on ${table} to ${tenantRole} using (team_id = app_team()) with check (team_id = app_team());`,
  )
  .join('');

// What scans have looked at before this was kept: as far as the last look of each container was a scan with a verdict.
const before = `
  insert into judged (team_id, cluster, namespace, workload, container, profile, at, scan_id)
    select distinct on (1, 2, 3, 4, 5, 6) source.team_id, source.cluster, source.place ->> 'namespace', source.place ->> 'workload',
      source.place ->> 'container', source.profile, source.at, source.scan_id
    from finding_source as source join scan on scan.id = source.scan_id
    where source.place is not null and source.profile is not null and source.looked
      and scan.state = 'done' and scan.imported is null
    order by 1, 2, 3, 4, 5, 6, source.at desc;
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(tables + policies + before)) await sql.raw(statement).execute(database);
}
