// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

// As they were then: tables that came later have their policies in their own migration.
const teamTables = [
  'membership',
  'api_key',
  'cluster_access',
  'profile',
  'threshold',
  'scan',
  'submission',
  'scan_event',
  'scan_report',
];

const tables = `
  create table team (
    id uuid primary key,
    slug text not null unique,
    name text not null,
    queue_quota integer not null default 100,
    created_at timestamptz not null default now()
  );
  create table principal (
    id uuid primary key,
    name text not null,
    kind text not null check (kind in ('person', 'program', 'system')),
    platform_role text check (platform_role in ('auditor', 'operator')),
    created_at timestamptz not null default now()
  );
  create table membership (
    team_id uuid not null default app_team() references team on delete cascade,
    principal_id uuid not null references principal on delete cascade,
    role text not null check (role in ('viewer', 'scanner', 'approver', 'admin')),
    primary key (team_id, principal_id)
  );
  create table api_key (
    id uuid primary key,
    public_id text not null unique,
    hash bytea not null,
    principal_id uuid not null references principal on delete cascade,
    name text not null,
    role text not null,
    team_id uuid references team on delete cascade,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz not null default now()
  );
  create table cluster (
    id uuid primary key,
    slug text not null unique,
    credential text,
    context text,
    most_runs integer not null default 4,
    created_at timestamptz not null default now()
  );
  create table cluster_access (
    team_id uuid not null references team on delete cascade,
    cluster_id uuid not null references cluster on delete cascade,
    namespaces text[],
    primary key (team_id, cluster_id)
  );
  create table blob (
    digest text primary key,
    bytes bigint not null,
    created_at timestamptz not null default now()
  );
  create table profile (
    id uuid primary key,
    team_id uuid not null default app_team() references team on delete cascade,
    slug text not null,
    version text not null,
    digest text not null,
    blob text not null references blob,
    state text not null check (state in ('pending', 'approved', 'withdrawn')),
    decided_by uuid references principal,
    decided_at timestamptz,
    created_at timestamptz not null default now(),
    unique (team_id, slug, version)
  );
  create table threshold (
    id uuid primary key,
    team_id uuid not null default app_team() references team on delete cascade,
    slug text not null,
    version integer not null,
    digest text not null,
    content text not null,
    created_at timestamptz not null default now(),
    unique (team_id, slug, version)
  );
  create table scan (
    id uuid primary key,
    team_id uuid not null default app_team() references team on delete cascade,
    cluster_id uuid not null references cluster,
    requested_by uuid not null references principal,
    ask jsonb not null,
    pins jsonb not null,
    digest text not null,
    state text not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled', 'expired')),
    attempt integer not null default 0,
    runner text,
    isolation text,
    cancel_requested boolean not null default false,
    requested_at timestamptz not null default now(),
    deadline_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    run_id text,
    verdict text,
    reason text,
    exit_code integer,
    error jsonb,
    counts jsonb,
    check ((state in ('queued', 'running')) = (finished_at is null)),
    check ((state = 'done') = (verdict is not null)),
    check (state not in ('failed', 'expired') or error is not null)
  );
  create index scan_of_team on scan (team_id, id desc);
  create unique index scan_waiting on scan (team_id, digest) where state = 'queued' and attempt = 0;
  create index scan_open on scan (cluster_id, id) where state in ('queued', 'running');
  create table submission (
    team_id uuid not null default app_team() references team on delete cascade,
    key text not null,
    digest text not null,
    scan_id uuid not null references scan on delete cascade,
    created_at timestamptz not null default now(),
    primary key (team_id, key)
  );
  create table scan_event (
    scan_id uuid not null references scan on delete cascade,
    n integer not null,
    team_id uuid not null default app_team() references team on delete cascade,
    at timestamptz not null default now(),
    attempt integer not null,
    kind text not null,
    data jsonb not null,
    primary key (scan_id, n)
  );
  create table scan_report (
    scan_id uuid not null references scan on delete cascade,
    team_id uuid not null default app_team() references team on delete cascade,
    file text not null,
    kind text not null,
    blob text not null references blob,
    primary key (scan_id, file)
  );
  create table audit_entry (
    n bigint generated always as identity primary key,
    at timestamptz not null,
    team_id uuid,
    principal_id uuid,
    action text not null,
    object text not null,
    detail jsonb not null,
    previous bytea not null,
    hash bytea not null
  );
`;

// Queries of a team run as a role that owns nothing, since row-level security does not bind owners.
const role = `
  do $$ begin
    if not exists (select from pg_roles where rolname = '${tenantRole}') then
      create role ${tenantRole} nologin;
    end if;
    execute format('grant ${tenantRole} to %I', current_user);
  exception when duplicate_object then null;
  end $$;
`;

const teamOfTransaction = `
  create function app_team() returns uuid language sql stable
    as $$ select nullif(current_setting('cinc_scan.team', true), '')::uuid $$;
`;

// Each entry has the hash of the one before it in its own: none can be changed or taken out unseen.
const auditLog = `
  create function audit_hash(previous bytea, at timestamptz, team uuid, principal uuid, action text, object text, detail jsonb)
    returns bytea language sql immutable as $$
      select sha256(previous || convert_to(
        jsonb_build_array(extract(epoch from at)::text, team, principal, action, object, detail)::text, 'UTF8'))
    $$;
  create function audit_append(team uuid, principal uuid, action text, object text, detail jsonb)
    returns void language plpgsql security definer set search_path from current as $$
      declare
        moment timestamptz := clock_timestamp();
        last bytea;
      begin
        perform pg_advisory_xact_lock(hashtext('cinc-scan audit'));
        select hash into last from audit_entry order by n desc limit 1;
        last := coalesce(last, ''::bytea);
        insert into audit_entry (at, team_id, principal_id, action, object, detail, previous, hash)
          values (moment, team, principal, action, object, detail, last,
            audit_hash(last, moment, team, principal, action, object, detail));
      end
    $$;
  create view audit_broken as
    select n from (
      select n, hash, previous, lag(hash, 1, ''::bytea) over (order by n) as before,
        audit_hash(previous, at, team_id, principal_id, action, object, detail) as wanted
      from audit_entry
    ) as chain
    where hash <> wanted or previous <> before;
`;

const grants = `
  do $$ begin execute format('grant usage on schema %I to ${tenantRole}', current_schema()); end $$;
  grant select on team, principal, cluster, cluster_access, blob to ${tenantRole};
  grant insert on blob to ${tenantRole};
  grant select, insert, update on profile, threshold, scan, submission, membership, api_key to ${tenantRole};
  grant delete on membership to ${tenantRole};
  grant select on scan_event, scan_report to ${tenantRole};
  grant insert on principal to ${tenantRole};
`;

const policies = teamTables
  .map(
    table => `
  alter table ${table} enable row level security;
  create policy own_team on ${table} to ${tenantRole} using (team_id = app_team()) with check (team_id = app_team());`,
  )
  .join('');

// A team sees itself and nobody else's name.
const others = `
  alter table team enable row level security;
  create policy own_team on team to ${tenantRole} using (id = app_team());
  alter table cluster enable row level security;
  create policy open_clusters on cluster to ${tenantRole}
    using (exists (select from cluster_access where cluster_id = cluster.id and team_id = app_team()));
  alter table principal enable row level security;
  create policy members on principal for select to ${tenantRole}
    using (exists (select from membership where principal_id = principal.id and team_id = app_team()));
  create policy new_ones on principal for insert to ${tenantRole} with check (platform_role is null);
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const part of [role, teamOfTransaction, tables, auditLog, grants, policies, others])
    for (const statement of statementsOf(part)) await sql.raw(statement).execute(database);
}
