// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import { Secret } from '@cinc-scan/core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Questions } from '../queue/questions.ts';
import { RemoteLeases } from '../runner/remote-leases.ts';
import { createFirstKey, createTeamKey } from '../store/keys.ts';
import { openCluster, registerCluster } from '../store/registry.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { type AnswerOf, clusterWith, type FakeRunner, fakeRunner } from '../testing/fake-runner.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { makeWorld, type World } from '../testing/world.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

interface Listed {
  items: { cluster: string; namespace: string; name: string; targets: string[] }[];
  unasked: { cluster: string; namespace: string | null; error: { code: string } }[];
  next: string | null;
}

const has = ['bank/vault', 'shop/api', 'shop/web', 'till/cash'];

describe.each([['embedded'], ['server']])('targets, %s', kind => {
  let parts: TestStore;
  let world: World;
  let served: TestApi | undefined;
  let runner: FakeRunner;

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
  });
  afterAll(async () => {
    await parts[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await served?.[Symbol.asyncDispose]();
    served = undefined;
    const left = await parts.database.kysely.selectFrom('question').select('id').execute();
    expect(left).toEqual([]); // of the moment, and gone with it
  });

  async function serve(answerOf: AnswerOf, questionMs = 10_000): Promise<TestApi> {
    runner = fakeRunner(parts, answerOf);
    served = await serveApi(parts, { onQueued: runner.wake, questionMs });
    return served;
  }

  async function list(query = '', key = world.keys.shop) {
    const { status, body } = (await served?.client.call('GET', `/targets${query}`, { key })) ?? {};
    return { status, body: body as unknown as Listed & { code: string; remedy: string } };
  }
  const namesOf = ({ items }: Listed) => items.map(({ namespace, name }) => `${namespace}/${name}`);

  test('are those of the namespaces of the team, and of none else', async () => {
    await serve(clusterWith(has));
    const { body } = await list();
    expect(namesOf(body)).toEqual(['shop/api', 'shop/web', 'till/cash']);
    expect(body).toMatchObject({ unasked: [], next: null });
    expect(body.items[0]).toMatchObject({ cluster: 'east', targets: ['deployment/api'] });
    expect(runner.taken.map(({ ask }) => ask.namespaces)).toEqual([['shop', 'till']]);
    expect(namesOf((await list('', world.keys.bank)).body)).toEqual(has);
  });

  test('are no more than the scope of the key', async () => {
    await serve(clusterWith(has));
    const scoped = { name: 'x', role: 'viewer' as const, scope: { namespaces: ['till', 'bank'] } };
    const { text } = await parts.store.asTeam(world.shop.team, transaction =>
      createTeamKey(transaction, { ...scoped, expiresAt: new Date(Date.now() + 60_000) }, world.shop),
    );
    expect(namesOf((await list('', text.reveal())).body)).toEqual(['till/cash']);
    expect((await list('?namespace=shop', text.reveal())).status).toBe(404);
  });

  test('of one cluster or namespace are asked for by its name; what is not of the team is not there', async () => {
    await serve(clusterWith(has));
    expect(namesOf((await list('?cluster=east&namespace=till')).body)).toEqual(['till/cash']);
    for (const query of ['?cluster=west', '?namespace=bank', '?cluster=east&namespace=bank'])
      expect((await list(query)).body).toMatchObject({ code: 'SERVICE_NOT_FOUND' });
    expect((await list('?selector=nonsense/web')).body).toMatchObject({ code: 'INPUT_INVALID' });
    expect((await list('?after=x')).body).toMatchObject({ code: 'INPUT_INVALID' });
    await list(`?selector=${encodeURIComponent('app=web')}`);
    expect(runner.taken.at(-1)?.ask).toMatchObject({ selector: 'app=web' });
  });

  test('come page by page, each once, and none is left out', async () => {
    await serve(clusterWith(has));
    const seen: string[] = [];
    let query = '?limit=1';
    for (let page = 0; page < 10 && query !== ''; page += 1) {
      const { body } = await list(query);
      seen.push(...namesOf(body));
      query = body.next === null ? '' : `?limit=1&after=${body.next}`;
    }
    expect(seen).toEqual(['shop/api', 'shop/web', 'till/cash']);
  });

  test('of a cluster that does not answer are an error of it and no empty list, and others are there all the same', async () => {
    const id = await parts.store.asPlatform(async transaction => {
      const west = { slug: 'west', credential: 'west', context: undefined, mostRuns: undefined };
      const made = await registerCluster(transaction, west, world.operator.principal);
      await openCluster(transaction, { cluster: 'west', team: 'shop', namespaces: ['shop'] }, world.operator.principal);
      return made;
    });
    const failure = { code: 'CLUSTER_UNREACHABLE', message: 'connect ECONNREFUSED', remedy: 'r' };
    await serve((ask, credential) =>
      credential === 'west' ? { kind: 'failed', failure } : clusterWith(has)(ask, credential),
    );
    expect(await list('?cluster=west')).toMatchObject({ status: 502, body: { code: 'CLUSTER_UNREACHABLE' } });
    const { status, body } = await list();
    expect([status, namesOf(body).length, body.unasked]).toEqual([
      200,
      3,
      [{ cluster: 'west', namespace: null, error: expect.objectContaining({ code: 'CLUSTER_UNREACHABLE' }) }],
    ]);
    await parts.store.asPlatform(transaction => transaction.deleteFrom('cluster').where('id', '=', id).execute());
  });

  test('of a namespace that the cluster does not show are an error, too', async () => {
    const error = { code: 'CLUSTER_FORBIDDEN', message: 'pods is forbidden', remedy: 'r' };
    await serve(() => ({ kind: 'targets', workloads: [], hasMore: false, unasked: [{ namespace: 'shop', error }] }));
    expect(await list()).toMatchObject({ status: 502, body: { code: 'CLUSTER_FORBIDDEN' } });
  });

  test('of a cluster without a runner are an error after the time, and an answer that comes late is nobody’s', async () => {
    await serve(() => undefined, 300);
    const { status, body } = await list();
    expect([status, body.code]).toEqual([503, 'CLUSTER_UNASKED']);
    const [late] = runner.taken;
    const questions = new Questions(parts.store);
    expect(await questions.answer(late?.id ?? '', 'a test', { kind: 'failed', failure: late as never })).toBe(false);
  });

  test('are asked by a team a few at a time', async () => {
    await serve(() => undefined, 60_000);
    const waiting = Array.from({ length: 10 }, () => list());
    const { kysely } = parts.database;
    const rows = () => kysely.selectFrom('question').select('id').execute();
    while ((await rows()).length < 10) await pause(20); // the embedded database alone lets no request in between
    expect(await list()).toMatchObject({ status: 429, body: { code: 'SERVICE_QUOTA' } });
    await kysely.deleteFrom('question').execute(); // nobody will answer
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(waiting.map(() => 503));
  });

  test('of a region are asked by its runner alone, over the wire, and nobody else answers', async () => {
    const { url } = await serve(clusterWith([]));
    const far = { slug: 'far', credential: 'far', context: 'main', region: 'far', mostRuns: undefined };
    await parts.store.asPlatform(async transaction => {
      await registerCluster(transaction, far, world.operator.principal);
      await openCluster(transaction, { cluster: 'far', team: 'shop', namespaces: ['shop'] }, world.operator.principal);
    });
    const runnerOf = async (region: string) => {
      const key = { name: region, role: 'runner', team: null, expiresAt: new Date(Date.now() + 60_000) } as const;
      const { text } = await parts.store.asPlatform(transaction =>
        createFirstKey(transaction, { ...key, regions: [region] }, world.operator.principal),
      );
      return new RemoteLeases({ server: new URL(url), key: new Secret(text.reveal()), runner: 'one', environment: {} });
    };
    const [ours, other] = [await runnerOf('far'), await runnerOf('near')];
    const listed = list('?cluster=far');
    let taken: Awaited<ReturnType<typeof ours.takeQuestion>>;
    while (taken === undefined) {
      expect(await other.takeQuestion()).toBeUndefined();
      taken = await ours.takeQuestion();
    }
    expect(taken).toMatchObject({
      cluster: { credential: 'far', context: 'main' },
      ask: { kind: 'targets', namespaces: ['shop'] },
    });
    const answer = clusterWith(['shop/far-away'])(taken.ask, 'far');
    if (answer === undefined) throw new Error('no answer');
    await other.answer(taken, { ...answer, workloads: [], hasMore: false } as typeof answer); // counts for nothing
    await ours.answer(taken, answer);
    expect(namesOf((await listed).body)).toEqual(['shop/far-away']);
  });
});
