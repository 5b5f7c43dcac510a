// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql } from 'kysely';
import { tenantRole } from '../tenancy.ts';
import { statementsOf } from './statements.ts';

const columns = 'alter table api_key add column scope jsonb;';

// The scope of the key that asks, as a setting of the transaction: without one a team sees all that is its own.
const scopeOfTransaction = `
  create function app_scope(part text) returns text[] language sql stable as $$
    select case when scope ? part then array(select jsonb_array_elements_text(scope -> part)) end
    from (select nullif(current_setting('cinc_scan.scope', true), '')::jsonb as scope) as of_transaction
  $$;
  create function app_is_scoped() returns boolean language sql stable as $$
    select coalesce(current_setting('cinc_scan.scope', true), '') <> ''
  $$;
`;

// Restrictive: beside the team's own policy, and never instead of it. Selects without a table are evaluated once.
const within = (table: string, condition: string) => `
  create policy within_scope on ${table} as restrictive to ${tenantRole} using (${condition});`;

const among = (part: string, value: string) =>
  `((select app_scope('${part}')) is null or ${value} = any ((select app_scope('${part}'))::text[]))`;

const policies = [
  within('cluster', among('clusters', 'slug')),
  within('profile', among('profiles', 'slug')),
  within(
    'scan',
    [
      among('clusters', "pins ->> 'cluster'"),
      `((select app_scope('namespaces')) is null or ask -> 'namespace' <@ to_jsonb((select app_scope('namespaces'))))`,
      `((select app_scope('profiles')) is null or not exists (
        select from jsonb_array_elements(pins -> 'profiles') as pinned
        where pinned ->> 'slug' <> all ((select app_scope('profiles'))::text[])))`,
    ].join(' and '),
  ),
  ...['scan_event', 'scan_report'].map(table =>
    within(table, `not (select app_is_scoped()) or exists (select from scan where scan.id = scan_id)`),
  ),
].join('');

// Who had a key of the team stays known to it by name.
const principals = `
  create policy former_members on principal for select to ${tenantRole}
    using (exists (select from api_key where principal_id = principal.id and team_id = app_team()));
`;

export async function up(database: Kysely<never>): Promise<void> {
  for (const part of [columns, scopeOfTransaction, policies, principals])
    for (const statement of statementsOf(part)) await sql.raw(statement).execute(database);
}
