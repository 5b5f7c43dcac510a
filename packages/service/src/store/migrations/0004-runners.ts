// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

const columns = `
  alter table cluster add column region text;
  alter table api_key add column regions text[];
  alter table scan add column earlier_runs text[] not null default '{}';
`;

// What a runner has sent of a scan that has not ended: the end names nothing else.
const uploads = `
  create table lease_upload (
    scan_id uuid not null references scan on delete cascade,
    team_id uuid not null default app_team() references team on delete cascade,
    blob text not null references blob,
    primary key (scan_id, blob)
  );
  grant select, insert, delete on lease_upload to ${tenantRole};
  alter table lease_upload enable row level security;
  create policy own_team on lease_upload to ${tenantRole} using (team_id = app_team()) with check (team_id = app_team());
`;

const roles = `
  alter table principal drop constraint principal_platform_role_check;
  alter table principal add constraint principal_platform_role_check
    check (platform_role in ('auditor', 'operator', 'runner'));
  alter table api_key add constraint api_key_regions_check
    check ((role = 'runner') = (regions is not null) and (regions is null or team_id is null));
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const statement of statementsOf(columns + uploads + roles)) await sql.raw(statement).execute(database);
}
