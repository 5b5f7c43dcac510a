// SPDX-License-Identifier: Apache-2.0
// What has to have been judged, against what the cluster has and what scans have judged.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { QuestionAnswer } from '../domain/question.ts';

import { type Ending, Leases } from '../queue/leases.ts';
import { openCluster, registerCluster } from '../store/registry.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { type AnswerOf, clusterWith, fakeRunner } from '../testing/fake-runner.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { keepTestReports } from '../testing/reports.ts';
import { findingsReport, runOf } from '../testing/run-findings.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';
import { listDue, startLister } from './lister.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

interface Shown {
  name: string;
  workloads: number;
  states: Record<string, number>;
  unknownSince: string | null;
  gaps: { cluster: string | null; namespace: string | null; since: string; error: { code: string } }[];
  listedAt: string | null;
}

interface Obliged {
  id: string;
  cluster: string;
  namespace: string;
  name: string;
  state: string;
  scan: string | null;
  judgedAt: string | null;
  unknownSince: string | null;
  dueAt: string;
}

/** An obligation, a page of its workloads, or what is wrong. */
interface Answered extends Shown {
  items: Obliged[];
  next: string | null;
  detail: string;
}

const day = 86_400_000;
const refused: QuestionAnswer = {
  kind: 'failed',
  failure: { code: 'CLUSTER_UNREACHABLE', message: 'no route to it', remedy: 'Look at the network.' },
};

describe.each([['embedded'], ['server']])('obligations, %s', kind => {
  let parts: TestStore;
  let world: World;
  let served: TestApi;

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
    served = await serveApi(parts);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await parts[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await post({ name: 'monthly', namespace: ['shop'], profile: 'base', withinDays: 30, graceDays: 7 });
  });
  afterEach(async () => {
    for (const table of ['obligation', 'scan', 'judged', 'finding_source', 'finding'])
      await sql`delete from ${sql.table(table)}`.execute(parts.database.kysely);
  });

  async function call(method: string, path: string, body?: object) {
    const { status, body: answer } = await served.client.call(method, path, { key: world.keys.shop, body });
    return { status, body: answer as unknown as Answered };
  }
  const post = (body: object) => call('POST', '/obligations', body);
  const get = async (name = 'monthly') => (await call('GET', `/obligations/${name}`)).body;

  async function workloads(query = '', name = 'monthly'): Promise<Obliged[]> {
    const { body } = await call('GET', `/obligations/${name}/workloads?${query}`);
    return body.items;
  }
  const states = async (name?: string) =>
    (await workloads('', name)).map(each => `${each.namespace}/${each.name} ${each.state}`).toSorted();

  const fail = (error: unknown): never => {
    throw error;
  };

  /** What the clusters say now. */
  async function list(answerOf: AnswerOf, name = 'monthly'): Promise<void> {
    await call('POST', `/obligations/${name}/list`);
    const runner = fakeRunner(parts, answerOf);
    await listDue({ store: parts.store, onAsked: runner.wake, onError: fail, questionMs: 5000 });
  }

  const ends = { pass: 0, fail: 3, error: 4 } as const;

  /** A scan that ended so many days ago, and looked into these deployments of the namespace shop. */
  async function scan(names: string[], { daysAgo = 0, verdict = 'pass', profile = 'base' }: Scanned = {}) {
    const { id } = await submit(parts, world.shop, askFor(`pod/${names.join('-')}-${Math.random()}`));
    const run = runOf(Date.now() - daysAgo * day, ...names.map(workload => ({ workload, profile, failed: [] })));
    const ending: Ending = {
      kind: 'judged',
      verdict,
      reason: verdict,
      exitCode: ends[verdict],
      counts: {},
      failure: undefined,
      mayPass: false,
      reports: await keepTestReports(parts, [findingsReport(run)]),
    };
    const leases = new Leases(parts);
    const lease = await leases.take('a test');
    if (lease?.scan !== id) throw new Error('another scan waits');
    expect(await leases.end(lease, ending)).toBe(true);
    return id;
  }
  interface Scanned {
    daysAgo?: number;
    verdict?: 'pass' | 'fail' | 'error';
    profile?: string;
  }

  test('is unknown until the cluster was asked', async () => {
    await scan(['web']);
    const { unknownSince, workloads: count, listedAt } = await get();
    expect([count, listedAt]).toEqual([0, null]);
    expect(unknownSince).not.toBeNull();
  });

  test('has a row for each workload that the cluster has, with the scan that fulfils it', async () => {
    const web = await scan(['web'], { daysAgo: 29 });
    const api = await scan(['api'], { daysAgo: 31, verdict: 'fail' });
    await scan(['old'], { daysAgo: 38 });
    await scan(['gone']);
    await list(clusterWith(['shop/api', 'shop/new', 'shop/old', 'shop/web']));
    expect(await states()).toEqual([
      'shop/api due',
      'shop/new never-scanned',
      'shop/old overdue',
      'shop/web fulfilled',
    ]);
    const rows = await workloads();
    expect(rows.find(({ name }) => name === 'web')).toMatchObject({ scan: web, unknownSince: null });
    expect(rows.find(({ name }) => name === 'api')).toMatchObject({ scan: api });
    expect(rows.find(({ name }) => name === 'new')).toMatchObject({ scan: null, judgedAt: null });
    expect(await get()).toMatchObject({
      workloads: 4,
      states: { fulfilled: 1, due: 1, overdue: 1, 'never-scanned': 1, unknown: 0 },
      unknownSince: null,
      gaps: [],
    });
    expect((await workloads('state=never-scanned')).map(({ name }) => name)).toEqual(['new']);
  });

  test('is fulfilled by a scan with a verdict alone, under its profile, and by the last one', async () => {
    await list(clusterWith(['shop/web']));
    await scan(['web'], { verdict: 'error' });
    expect(await states()).toEqual(['shop/web never-scanned']);
    await scan(['web'], { profile: 'other' });
    expect(await states()).toEqual(['shop/web never-scanned']);
    const looked = await scan(['web'], { verdict: 'fail', daysAgo: 1 });
    await scan(['web'], { daysAgo: 36 }); // ended later, looked earlier
    await scan(['web'], { verdict: 'error' });
    expect(await workloads()).toMatchObject([{ state: 'fulfilled', scan: looked }]);
  });

  test('wants each container that has to be named judged', async () => {
    const answer = clusterWith(['shop/web']);
    const several: AnswerOf = (ask, credential) => {
      const found = answer(ask, credential);
      if (found?.kind !== 'targets') return found;
      const containers = ['app', 'proxy'].map(name => ({ name, images: [], digests: [], isUsual: false }));
      return { ...found, workloads: found.workloads.map(each => ({ ...each, containers })) };
    };
    await scan(['web']); // its container app
    await list(several);
    expect(await states()).toEqual(['shop/web never-scanned']);
    await list(answer);
    expect(await states()).toEqual(['shop/web fulfilled']);
  });

  test('of a cluster that cannot be asked says nothing, and since when, and says it again when it can', async () => {
    await scan(['web']);
    await list(clusterWith(['shop/api', 'shop/web']));
    expect(await states()).toEqual(['shop/api never-scanned', 'shop/web fulfilled']);
    await list(() => refused);
    const first = await get();
    expect(first.states).toEqual({ fulfilled: 0, due: 0, overdue: 0, 'never-scanned': 0, unknown: 2 });
    expect(first.gaps).toMatchObject([{ cluster: 'east', namespace: null, error: { code: 'CLUSTER_UNREACHABLE' } }]);
    expect(first.unknownSince).toBe(first.gaps[0]?.since);
    expect((await workloads()).map(({ unknownSince }) => unknownSince)).toEqual([
      first.unknownSince,
      first.unknownSince,
    ]);
    await list(() => refused);
    expect((await get()).unknownSince).toBe(first.unknownSince); // still the same
    await list(clusterWith(['shop/web']));
    expect(await states()).toEqual(['shop/web fulfilled']); // the other one is gone
    expect((await get()).unknownSince).toBeNull();
  });

  test('of one namespace that cannot be asked says nothing of that one alone', async () => {
    await post({ name: 'all', profile: 'base', withinDays: 30 });
    await scan(['web']);
    const both = clusterWith(['shop/web', 'till/cash']);
    await list(both, 'all');
    expect(await states('all')).toEqual(['shop/web fulfilled', 'till/cash never-scanned']);
    await list((ask, credential) => {
      const answer = clusterWith(['shop/web'])(ask, credential);
      const unasked = [{ namespace: 'till', error: { code: 'CLUSTER_FORBIDDEN', message: 'no', remedy: 'Ask.' } }];
      return answer?.kind === 'targets' ? { ...answer, unasked } : answer;
    }, 'all');
    expect(await states('all')).toEqual(['shop/web fulfilled', 'till/cash unknown']);
    expect((await get('all')).gaps).toMatchObject([{ cluster: 'east', namespace: 'till' }]);
  });

  test('is not fulfilled by what a cluster said long ago: when nobody asks it any more, nothing is known', async () => {
    await scan(['web']);
    await list(clusterWith(['shop/web']));
    await sql`update obligation set listed_at = now() - interval '61 minutes'`.execute(parts.database.kysely);
    const { listedAt, unknownSince, states: counts } = await get();
    expect(unknownSince).toBe(listedAt);
    expect(counts).toMatchObject({ fulfilled: 0, unknown: 1 });
  });

  test('has gaps where its team may look no more', async () => {
    await list(clusterWith(['shop/web']));
    const open = (namespaces: string[]) =>
      parts.store.asPlatform(transaction =>
        openCluster(transaction, { cluster: 'east', team: 'shop', namespaces }, world.operator.principal),
      );
    await open(['till']);
    await list(clusterWith(['shop/web']));
    expect(await states()).toEqual(['shop/web unknown']);
    expect((await get()).gaps).toMatchObject([{ namespace: 'shop', error: { code: 'SERVICE_NOT_FOUND' } }]);
    await open(['shop', 'till']);
  });

  test('is about several clusters, of which one may be away', async () => {
    await scan(['web']); // of the one cluster that there is yet
    const by = world.operator.principal;
    await parts.store.asPlatform(async transaction => {
      const west = { slug: 'west', credential: 'west', context: undefined, mostRuns: undefined };
      await registerCluster(transaction, west, by);
      await openCluster(transaction, { cluster: 'west', team: 'shop', namespaces: ['shop'] }, by);
    });
    const has = clusterWith(['shop/web']);
    await list(has);
    expect((await workloads()).map(({ cluster }) => cluster).toSorted()).toEqual(['east', 'west']);
    await list((ask, credential) => (credential === 'west' ? refused : has(ask, credential)));
    expect((await workloads()).map(each => `${each.cluster} ${each.state}`).toSorted()).toEqual([
      'east fulfilled',
      'west unknown',
    ]);
    await sql`delete from cluster where slug = 'west'`.execute(parts.database.kysely);
  });

  test('is read a page after the other, over all pages of the cluster', async () => {
    const names = Array.from({ length: 1203 }, (_, n) => `shop/app-${String(n).padStart(4, '0')}`);
    await list(clusterWith(names));
    expect((await get()).states['never-scanned']).toBe(1203);
    const seen = new Set<string>();
    for (let after = ''; ; ) {
      const path = `/obligations/monthly/workloads?limit=200${after}`;
      const { body } = await call('GET', path);
      for (const { name } of body.items) seen.add(name);
      if (body.next === null) break;
      after = `&after=${body.next}`;
    }
    expect(seen.size).toBe(1203);
    await list(clusterWith(names.slice(0, 2)));
    expect((await get()).workloads).toBe(2);
  });

  test('is asked for by one of several schedulers, by itself', async () => {
    const runner = fakeRunner(parts, clusterWith(['shop/web']));
    const listers = Array.from({ length: 3 }, () =>
      startLister({ store: parts.store, onAsked: runner.wake, onError: fail, idleMs: 20 }),
    );
    for (let { listedAt } = await get(); listedAt === null; ) ({ listedAt } = await get());
    for (const each of listers) await each[Symbol.asyncDispose]();
    expect(runner.taken).toHaveLength(1);
    expect(await states()).toEqual(['shop/web never-scanned']);
  });

  test('is changed, and is gone', async () => {
    await scan(['web'], { daysAgo: 3 });
    await list(clusterWith(['shop/web']));
    const body = { profile: 'base', withinDays: 1, graceDays: 1 };
    expect((await call('PUT', '/obligations/monthly', body)).body.unknownSince).not.toBeNull();
    await list(clusterWith(['shop/web']));
    expect(await states()).toEqual(['shop/web overdue']);
    expect((await call('DELETE', '/obligations/monthly')).status).toBe(204);
    expect((await call('GET', '/obligations/monthly/workloads')).status).toBe(404);
  });

  test.each([
    [{ profile: 'none' }, 404, 'The team has no profile none'],
    [{ namespace: ['bank'] }, 404, 'The team has no namespace bank'],
    [{ cluster: 'north' }, 404, 'The team has no cluster north'],
    [{ selector: 'a/b/c' }, 422, 'a/b/c'],
    [{ withinDays: 0 }, 422, 'withinDays'],
    [{ graceDays: 1.5 }, 422, 'graceDays'],
    [{ often: true }, 422, 'often'],
    [{}, 409, 'The team has an obligation monthly already'],
  ])('is refused with %j', async (change, status, said) => {
    const answer = await post({ name: 'monthly', profile: 'base', withinDays: 30, ...change });
    expect(answer).toMatchObject({ status });
    expect(answer.body.detail).toContain(said);
  });
});
