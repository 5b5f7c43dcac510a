// SPDX-License-Identifier: Apache-2.0
// Every table that the database has, whoever made it: what a team sees and changes of another team's is nothing.
import { Readable } from 'node:stream';
import { Secret } from '@cinc-scan/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RawBuilder, sql } from 'kysely';
import { toRetention } from '../domain/retention.ts';
import { Leases } from '../queue/leases.ts';
import { fireDue } from '../schedules/scheduler.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { keepTestReports } from '../testing/reports.ts';
import { findingsReport, runOf } from '../testing/run-findings.ts';
import { testSealer } from '../testing/sealer.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { makeObligation, makeSchedule } from '../testing/team-objects.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';
import { addCallback, setSigningSecret } from './deliveries.ts';
import { addRule, registerIssuer } from './issuers.ts';
import { recordListing } from './obligations.ts';
import { registerCluster } from './registry.ts';
import { setRetention } from './retention.ts';
import { requestCancel } from './scans.ts';
import { addSignInRule } from './sign-in-rules.ts';
import type { AnyTransaction } from './store.ts';
import { tenantRole } from './tenancy.ts';

/** Tables without row-level security, and why that is so. A table that is neither here nor secured fails. */
const unsecured: Record<string, { reason: string; tenantMay: string[] }> = {
  audit_entry: { reason: 'of the platform: teams add to it by a function and read nothing', tenantMay: [] },
  blob: { reason: 'digests and sizes: they say nothing of whose content it is', tenantMay: ['select', 'insert'] },
  failed_sign_in: { reason: 'of the service: hashes of addresses that strangers came from', tenantMay: [] },
  duty: { reason: 'of the service: who sees to its own work', tenantMay: [] },
  principal_identity: { reason: 'of the service: whom a subject of an issuer stands for', tenantMay: [] },
  platform_membership: { reason: 'of the platform', tenantMay: [] },
  lease_ticket: { reason: 'of the service: hashes of what pods present that run scans', tenantMay: [] },
  question: { reason: 'of the service: what a cluster is asked, for as long as somebody waits', tenantMay: [] },
  session: { reason: 'of the service: a browser may be of several teams', tenantMay: [] },
  used_state: { reason: 'of the service: hashes of what came back from the provider', tenantMay: [] },
  kysely_migration: { reason: 'the layout of the database', tenantMay: [] },
  kysely_migration_lock: { reason: 'the layout of the database', tenantMay: [] },
};

/** Which rows are of the team shop and of no other, where a table has no team_id. */
const ofShop: Record<string, (world: World) => RawBuilder<boolean>> = {
  team: ({ shop }) => sql`id = ${shop.team}`,
  principal: ({ shop }) => sql`id = ${shop.principal}`,
  cluster: () => sql`slug = 'shop-only'`,
};

/** Rows of shop in every table of teams: one line for each kind. */
async function fill(parts: TestStore, world: World): Promise<void> {
  const { store } = parts;
  await store.asPlatform(async transaction => {
    const cluster = { slug: 'shop-only', credential: undefined, context: undefined, mostRuns: undefined };
    await registerCluster(transaction, cluster, world.operator.principal);
  });
  const by = { principal: world.shop.principal, team: world.shop.team };
  await store.asTeam(world.shop.team, async transaction => {
    const issuer = { name: 'ci', url: 'https://ci.example', audience: 'scans', keys: { keys: [] } };
    const { id } = await registerIssuer(transaction, issuer, by);
    const rule = { name: 'main', claims: { sub: 'main' }, role: 'viewer' as const, minutes: 60 };
    await addRule(transaction, { ...rule, issuer: id, team: by.team }, by);
    await addSignInRule(transaction, { name: 'ops', claims: { groups: 'ops' }, role: 'viewer', team: by.team }, by);
  });
  await submit(parts, world.shop, { ...askFor('pod/secured'), key: 'secured' });
  await store.asTeam(world.shop.team, transaction => setRetention(transaction, toRetention([]), world.shop));
  const { id: told } = await submit(parts, world.shop, askFor('pod/told'));
  const { id: heard } = await submit(parts, world.shop, askFor('pod/heard'));
  await store.asTeam(world.shop.team, async transaction => {
    const to = { address: { url: 'https://ci.example/' }, sealer: testSealer };
    await addCallback(transaction, told, to);
    await addCallback(transaction, heard, to);
    await requestCancel(transaction, { id: heard, asker: undefined }, world.shop);
    await setSigningSecret(transaction, { secret: new Secret('x'), sealer: testSealer }, world.shop);
  });
  await makeSchedule(parts, world);
  const tomorrow = new Date(Date.now() + 25 * 3_600_000);
  const firing = { ...parts, sealer: testSealer, longestWaitMs: 60_000 };
  await fireDue(firing, tomorrow, error => parts.errors.push(new Error('a firing failed', { cause: error })));
  const { id } = await makeObligation(parts, world);
  const web = { cluster: 'east', namespace: 'shop', kind: 'Deployment', name: 'web', containers: ['app'] };
  const times = { now: new Date(), nextAt: tomorrow };
  await store.asTeam(world.shop.team, transaction =>
    recordListing(transaction, { id, workloads: [web], gaps: [] }, times),
  );
  const leases = new Leases(parts);
  const lease = await leases.take('a test');
  if (lease === undefined) throw new Error('nothing waits');
  await leases.tell(lease, [{ kind: 'stage', data: {} }]);
  await leases.end(lease, {
    kind: 'judged',
    verdict: 'pass',
    reason: 'met',
    exitCode: 0,
    counts: {},
    failure: undefined,
    mayPass: false,
    reports: await keepTestReports(parts, [
      { file: 'scan.json', kind: 'scan', bytes: Buffer.from('{}') },
      findingsReport(runOf(Date.now(), { failed: ['a'] })),
    ]),
  });
  await submit(parts, world.shop, askFor('pod/uploading'));
  const second = await leases.take('a test');
  if (second !== undefined) await leases.upload(second, Readable.from([Buffer.from('{}')]));
}

interface Relation {
  schema: string;
  name: string;
  kind: string;
  secured: boolean;
  hasTeam: boolean;
  may: string[];
}

const rights = ['select', 'insert', 'update', 'delete'];

/** What the database says itself of each table and view, and of what teams may do there. */
async function readRelations(parts: TestStore): Promise<Relation[]> {
  const { rows } = await sql<Relation>`
    select n.nspname as schema, c.relname as name, c.relkind as kind, c.relrowsecurity as secured,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'team_id' and not a.attisdropped) as "hasTeam",
      array(select p from unnest(${sql.val(rights)}::text[]) p
        where has_table_privilege(${tenantRole}, c.oid, p)
          or (p <> 'delete' and has_any_column_privilege(${tenantRole}, c.oid, p))) as may
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
      and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'
    order by 1, 2`.execute(parts.database.kysely);
  return rows;
}

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('row-level security, %s', kind => {
  let parts: TestStore;
  let world: World;
  let relations: Relation[];
  let secured: Relation[];

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
    await fill(parts, world);
    relations = await readRelations(parts);
    secured = relations.filter(each => each.secured);
  });
  afterAll(async () => {
    await parts[Symbol.asyncDispose]();
  });

  test('is on for every table, or there is a reason and no more rights than it explains', () => {
    const own = relations.filter(({ schema }) => schema === 'public');
    expect(own.length).toBeGreaterThan(10);
    const open = own.filter(({ secured: is }) => !is);
    expect(open.map(({ name }) => name)).toEqual(Object.keys(unsecured).toSorted());
    for (const { name, may } of open) expect([name, may]).toEqual([name, unsecured[name]?.tenantMay]);
  });

  test('is all that teams have: no right in the schema of the queue, and none to go around it', async () => {
    const elsewhere = relations.filter(({ schema, may }) => schema !== 'public' && may.length > 0);
    expect(elsewhere).toEqual([]);
    const { rows } = await sql<{ above: boolean }>`
      select rolsuper or rolbypassrls or rolcanlogin or rolcreaterole as above from pg_roles where rolname = ${tenantRole}`.execute(
      parts.database.kysely,
    );
    expect(rows).toEqual([{ above: false }]);
    // What runs with the rights of its owner goes around it too.
    const { rows: definers } = await sql<{ name: string }>`
      select proname as name from pg_proc where prosecdef and pronamespace = 'public'::regnamespace`.execute(
      parts.database.kysely,
    );
    expect(definers.map(({ name }) => name)).toEqual(['audit_append']);
  });

  test("shows and changes nothing of another team's, whatever is asked", async () => {
    for (const relation of secured) {
      const { name, may } = relation;
      const rows = rowsOfShop(relation);
      const table = sql.table(name);
      const owned = await store(transaction => countOf(transaction, sql`select 1 from ${table} where ${rows}`));
      if (owned === 0) throw new Error(`fill() makes no row of ${name}`);
      const asked = (query: RawBuilder<unknown>) =>
        parts.store.asTeam(world.bank.team, transaction => countOf(transaction, query));
      expect([name, await asked(sql`select 1 from ${table} where ${rows}`)]).toEqual([name, 0]);
      if (may.includes('delete'))
        expect([name, await asked(sql`delete from ${table} where ${rows} returning 1`)]).toEqual([name, 0]);
      if (may.includes('update') && relation.hasTeam)
        expect([name, await asked(sql`update ${table} set team_id = team_id where ${rows} returning 1`)]).toEqual([
          name,
          0,
        ]);
    }
  });

  test('lets a team make no row of another team', async () => {
    for (const relation of secured.filter(({ may, hasTeam }) => hasTeam && may.includes('insert'))) {
      const { name } = relation;
      const row = await store(async transaction => {
        const { rows } = await sql<{
          row: unknown;
        }>`select to_jsonb(t) as row from ${sql.table(name)} t where ${rowsOfShop(relation)} limit 1`.execute(
          transaction,
        );
        return JSON.stringify(rows[0]?.row);
      });
      const table = sql.table(name);
      const insert = parts.store.asTeam(world.bank.team, transaction =>
        sql`insert into ${table} select (jsonb_populate_record(null::${table}, ${row}::jsonb)).*`.execute(transaction),
      );
      await expect(insert).rejects.toThrow(/violates row-level security/);
    }
  });

  test('shows a team what is its own', async () => {
    for (const relation of secured) {
      const { name, may } = relation;
      if (!may.includes('select') || name === 'cluster') continue;
      const seen = await parts.store.asTeam(world.shop.team, transaction =>
        countOf(transaction, sql`select 1 from ${sql.table(name)} where ${rowsOfShop(relation)}`),
      );
      expect([name, seen > 0]).toEqual([name, true]);
    }
  });

  const rowsOfShop = ({ name, hasTeam }: Relation): RawBuilder<boolean> => {
    const special = ofShop[name];
    if (special === undefined && !hasTeam) throw new Error(`ofShop does not say which rows of ${name} are of a team`);
    return special?.(world) ?? sql`team_id = ${world.shop.team}`;
  };

  const store = <T>(work: (transaction: AnyTransaction) => Promise<T>) => parts.store.asPlatform(work);

  async function countOf(transaction: AnyTransaction, query: RawBuilder<unknown>): Promise<number> {
    return (await query.execute(transaction)).rows.length;
  }
});
