// SPDX-License-Identifier: Apache-2.0
// What becomes of findings from run to run, of whoever looks.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { Leases } from '../queue/leases.ts';
import { finishScan } from '../testing/finished-scan.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { keepTestReports } from '../testing/reports.ts';
import { findingsReport, runOf, type TestLook } from '../testing/run-findings.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';
import { eventsOf, type FindingFilter, findingsPage, getFindings, sightingsOf } from './finding-lists.ts';
import { recordFindings } from './findings.ts';
import type { TeamCaller } from './teams.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

const everything: FindingFilter = {
  status: undefined,
  severity: undefined,
  cluster: undefined,
  namespace: undefined,
  workload: undefined,
  profile: undefined,
  area: undefined,
  rule: undefined,
};

describe.each([['embedded'], ['server']])('findings, %s', kind => {
  let parts: TestStore;
  let world: World;
  let minute = Date.parse('2026-01-01T00:00:00Z');

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
  });
  afterAll(async () => {
    await parts[Symbol.asyncDispose]();
  });

  const later = (): number => {
    minute += 60_000;
    return minute;
  };

  const record = (looks: TestLook[], { at = later(), by = world.shop, cluster = 'east' } = {}) =>
    parts.store.forTeam(by.team, transaction =>
      recordFindings(transaction, { cluster, scan: null, run: runOf(at, ...looks) }),
    );

  /** By rule, of one workload. */
  const statuses = async (workload: string, by: TeamCaller = world.shop): Promise<Record<string, string>> =>
    parts.store.asTeam(by.team, async transaction => {
      const filter = { ...everything, workload: `deployment/${workload}` };
      const rows = await findingsPage(transaction, { filter, after: undefined, limit: 100 }).execute();
      return Object.fromEntries(rows.map(({ rule, status }) => [rule, status]));
    });

  const finding = (workload: string, rule: string) =>
    parts.store.asTeam(world.shop.team, async transaction => {
      const filter = { ...everything, workload: `deployment/${workload}`, rule };
      const [row] = await findingsPage(transaction, { filter, after: undefined, limit: 2 }).execute();
      if (row === undefined) throw new Error(`there is no finding ${rule} of ${workload}`);
      return { row, events: await eventsOf(transaction, row.id), sightings: await sightingsOf(transaction, row.id) };
    });

  test('are new, known, fixed and returned as the same container is looked at under the same profile', async () => {
    const workload = 'life';
    await record([{ workload, failed: ['a', 'b'] }]);
    expect(await statuses(workload)).toEqual({ a: 'new', b: 'new' });
    await record([{ workload, failed: ['a', 'b', 'c'] }]);
    expect(await statuses(workload)).toEqual({ a: 'known', b: 'known', c: 'new' });
    await record([{ workload, failed: ['b', 'c'] }]);
    expect(await statuses(workload)).toEqual({ a: 'fixed', b: 'known', c: 'known' });
    await record([{ workload, failed: ['a', 'b', 'c'] }]);
    expect(await statuses(workload)).toEqual({ a: 'returned', b: 'known', c: 'known' });
    const { row, events } = await finding(workload, 'a');
    expect(events.map(({ status }) => status)).toEqual(['returned', 'fixed', 'new']);
    expect(row.first_seen.getTime()).toBeLessThan(row.last_seen.getTime());
    expect((await finding(workload, 'b')).events.map(({ status }) => status)).toEqual(['new']);
  });

  test('are unsure, and never fixed, where nobody looked again in the same way', async () => {
    const workload = 'doubt';
    await record([{ workload, failed: ['a'] }]);
    await record([{ workload, failed: [], problem: 'TARGET_NOT_FOUND: gone' }]);
    expect(await statuses(workload)).toEqual({ a: 'unsure' });
    expect((await finding(workload, 'a')).row.because).toContain('did not look');
    await record([{ workload, failed: [], unchecked: ['a'] }]);
    expect(await statuses(workload)).toEqual({ a: 'unsure' });
    await record([{ workload, failed: [], ruleset: 'base 2' }]);
    expect(await statuses(workload)).toEqual({ a: 'unsure' });
    await record([{ workload, failed: ['a'] }]);
    expect(await statuses(workload)).toEqual({ a: 'known' });
    await record([{ workload, failed: [] }]);
    expect(await statuses(workload)).toEqual({ a: 'fixed' });
  });

  test('of one profile say nothing of another, nor those of one workload or cluster', async () => {
    const workload = 'apart';
    await record([{ workload, failed: ['a'] }]);
    await record([{ workload, profile: 'other', failed: [] }]);
    await record([{ workload: 'apart-too', failed: [] }]);
    await record([{ workload, failed: [] }], { cluster: 'west' });
    await record([{ workload, failed: [] }], { by: world.bank });
    expect(await statuses(workload)).toEqual({ a: 'new' });
    expect(await statuses(workload, world.bank)).toEqual({});
  });

  test('are not changed by a run that is older than what is known', async () => {
    const workload = 'order';
    const [first, second] = [later(), later()];
    await record([{ workload, failed: ['a'] }], { at: second });
    expect(await record([{ workload, failed: [] }], { at: first })).toEqual([
      { name: 'base.cinc-scan.order', changes: undefined },
    ]);
    expect(await record([{ workload, failed: [] }], { at: second })).toMatchObject([{ changes: undefined }]);
    expect(await statuses(workload)).toEqual({ a: 'new' });
  });

  test('are what the last look says, whatever failed after it and was told first', async () => {
    const workload = 'late';
    await record([{ workload, failed: ['a', 'b'] }]);
    const [look, failure] = [later(), later()];
    await record([{ workload, failed: [], problem: 'gone' }], { at: failure });
    expect(await statuses(workload)).toEqual({ a: 'unsure', b: 'unsure' });
    await record([{ workload, failed: ['b'] }], { at: look });
    expect(await statuses(workload)).toEqual({ a: 'fixed', b: 'known' });
  });

  test('that two scanners report are one, gone when neither sees it, and as severe as the one who says more', async () => {
    const target = 'image:shop/web';
    const one = { workload: 'x', target, tool: 'trivy', kind: 'vulnerability', failed: ['CVE-1'] } as const;
    const two = { ...one, tool: 'clair', severity: 'critical' } as const;
    await record([one]);
    await record([two]);
    const read = () =>
      parts.store.asTeam(world.shop.team, async transaction => {
        const filter = { ...everything, rule: 'CVE-1' };
        const rows = await findingsPage(transaction, { filter, after: undefined, limit: 5 }).execute();
        return rows.map(({ status, severity, document }) => ({
          status,
          severity,
          by: document.reportedBy.map(({ tool }) => tool),
        }));
      });
    expect(await read()).toEqual([{ status: 'known', severity: 'critical', by: ['clair', 'trivy'] }]);
    await record([{ ...two, failed: [] }]);
    expect(await read()).toEqual([{ status: 'known', severity: 'high', by: ['trivy'] }]);
    await record([{ ...one, failed: [], problem: 'failed' }]);
    expect(await read()).toMatchObject([{ status: 'unsure', severity: 'high' }]);
    await record([two]);
    expect(await read()).toMatchObject([{ status: 'known', severity: 'critical' }]);
    await record([{ ...two, failed: [] }]);
    await record([{ ...one, failed: [] }]);
    expect(await read()).toMatchObject([{ status: 'fixed' }]);
    await record([one]);
    expect(await read()).toMatchObject([{ status: 'returned' }]);
  });

  test('are there with the end of the scan that found them, and not with one that does not count', async () => {
    const workload = 'end';
    const leases = new Leases(parts);
    for (let lease = await leases.take('a test'); lease !== undefined; lease = await leases.take('a test'))
      await leases.end(lease, { kind: 'cancelled' });
    await submit(parts, world.shop, askFor('deployment/end'));
    const first = await leases.take('a test');
    if (first === undefined) throw new Error('nothing waits');
    await leases.end(first, {
      kind: 'refused',
      failure: { code: 'CLUSTER_UNREACHABLE', message: 'm', remedy: 'r' },
      mayPass: true,
    });
    const second = await leases.take('a test');
    if (second === undefined) throw new Error('nothing waits');
    const reports = await keepTestReports(parts, [findingsReport(runOf(later(), { workload, failed: ['a'] }))]);
    const ending = {
      kind: 'judged',
      verdict: 'fail',
      reason: 'compliance',
      exitCode: 3,
      counts: {},
      failure: undefined,
      mayPass: false,
      reports,
    } as const;
    expect(await leases.end(first, { ...ending, reports: [...reports] })).toBe(false);
    expect(await statuses(workload)).toEqual({});
    expect(await leases.end(second, { ...ending, reports: [...reports] })).toBe(true);
    expect(await statuses(workload)).toEqual({ a: 'new' });
    expect((await finding(workload, 'a')).events).toMatchObject([{ scan_id: second.scan }]);
  });

  test('that are not some end the scan without a verdict', async () => {
    const bytes = Buffer.from('{"version":1,"at":"yesterday","sources":[]}');
    const leases = new Leases(parts);
    const { id } = await submit(parts, world.shop, askFor('deployment/nonsense'));
    const lease = await leases.take('a test');
    if (lease?.scan !== id) throw new Error('another one waits');
    const reports = await keepTestReports(parts, [{ file: 'run-findings.json', kind: 'findings', bytes }]);
    const facts = {
      verdict: 'pass',
      reason: 'met',
      exitCode: 0,
      counts: {},
      failure: undefined,
      mayPass: false,
    } as const;
    await leases.end(lease, { kind: 'judged', ...facts, reports });
    const row = await parts.store.asPlatform(each =>
      each.selectFrom('scan').select(['state', 'verdict', 'error']).where('id', '=', id).executeTakeFirstOrThrow(),
    );
    expect(row).toMatchObject({ state: 'failed', verdict: null, error: { code: 'SERVICE_DATA' } });
  });

  test('are listed from page to page, each once', async () => {
    await record([{ workload: 'many', failed: Array.from({ length: 25 }, (_, n) => `rule-${n}`) }]);
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const filter = { ...everything, workload: 'deployment/many' };
      const rows = await parts.store.asTeam(world.shop.team, transaction =>
        findingsPage(transaction, { filter, after, limit: 10 }).execute(),
      );
      seen.push(...rows.map(({ rule }) => rule));
      after = rows.at(-1)?.id;
      if (rows.length < 10) break;
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });

  test('of another team are not there', async () => {
    const { row } = await finding('life', 'a');
    const foreign = parts.store.asTeam(world.bank.team, transaction => getFindings(transaction, row.fingerprint));
    await expect(foreign).rejects.toMatchObject({ code: 'SERVICE_NOT_FOUND' });
  });

  test('stay with their team when they are deleted with the scans that found them', async () => {
    const workload = 'kept';
    const reports = [findingsReport(runOf(later(), { workload, failed: ['a'] }))];
    const id = await finishScan(parts, world.shop, { ask: askFor('deployment/kept'), verdict: 'fail', reports });
    await parts.store.asPlatform(transaction => transaction.deleteFrom('scan').where('id', '=', id).execute());
    expect(await statuses(workload)).toEqual({ a: 'new' });
    expect((await finding(workload, 'a')).events).toMatchObject([{ scan_id: null }]);
  });
});

describe('a list of very many findings', () => {
  test('is read by an index in its order, whatever it is filtered by, as a team sees it', async () => {
    await using parts = await openTestStore(postgres);
    const world = await makeWorld(parts);
    const { kysely } = parts.database;
    await sql`
      insert into finding (id, team_id, cluster, fingerprint, status, because, severity, area, kind, rule, target, namespace,
        workload, container, profile, first_seen, last_seen, changed_at, document)
      select gen_random_uuid(), case when n % 10 = 0 then ${world.bank.team}::uuid else ${world.shop.team}::uuid end,
        'c' || n % 7, n::text, (array['new', 'known', 'fixed'])[1 + n % 3], '', (array['low', 'high'])[1 + n % 2],
        (array['os', 'images'])[1 + n % 2], 'misconfiguration', 'r' || n % 50, 't', 'ns' || n % 30, 'deployment/w' || n % 200,
        'app', 'p' || n % 5, now(), now(), now(), '{}'
      from generate_series(1, 60000) as n`.execute(kysely);
    await sql`analyze finding`.execute(kysely);
    const cases: Partial<FindingFilter>[] = [
      {},
      { status: 'new' },
      { severity: 'high' },
      { cluster: 'c1' },
      { namespace: 'ns1' },
      { workload: 'deployment/w1' },
      { profile: 'p1' },
      { area: 'os' },
      { rule: 'r1' },
      { status: 'new', severity: 'high' },
      { namespace: 'ns1', status: 'known', area: 'os' },
    ];
    for (const given of cases) {
      const plan = await parts.store.asTeam(world.shop.team, async transaction => {
        const filter = { ...everything, ...given };
        const after = '80000000-0000-0000-0000-000000000000';
        const query = findingsPage(transaction, { filter, after, limit: 51 }).compile();
        const { rows } = await transaction.executeQuery<{ 'QUERY PLAN': string }>({
          ...query,
          sql: `explain ${query.sql}`,
        });
        return rows.map(row => row['QUERY PLAN']).join('\n');
      });
      const named = JSON.stringify(given);
      expect([named, /Index Scan/.test(plan)]).toEqual([named, true]);
      expect([named, plan.includes('Seq Scan on finding')]).toEqual([named, false]);
      // Several filters may leave so little that it is sorted.
      if (Object.keys(given).length < 2) expect([named, plan.includes('Sort')]).toEqual([named, false]);
    }
  });
});
