// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTeamKey } from '../store/keys.ts';
import type { ApiClient } from '../testing/api-client.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { finishScan } from '../testing/finished-scan.ts';
import { findingsReport, runOf } from '../testing/run-findings.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, type World } from '../testing/world.ts';

let parts: TestStore;
let world: World;
let served: TestApi;
let api: ApiClient;
let scan: string;

beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
  served = await serveApi(parts);
  api = served.client;
  const run = runOf(
    '2026-01-01T00:00:00Z',
    { failed: ['a', 'b', 'c'] },
    { workload: 'api', severity: 'low', failed: ['a'] },
  );
  const reports = [findingsReport(run)];
  scan = await finishScan(parts, world.shop, { ask: askFor('deployment/web'), verdict: 'fail', reports });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});

interface Item {
  id: string;
  rule: string;
  workload: string | null;
  fingerprint: string;
  status: string;
}

const list = async (query: string, key = world.keys.shop) => {
  const { body, status } = await api.call('GET', `/findings${query}`, { key });
  return { status, items: (body['items'] ?? []) as Item[], next: body['next'] };
};

const sample = (path: string) => readFileSync(join(import.meta.dirname, '../../../companions/fixtures', path), 'utf8');

describe('the list of findings', () => {
  test('has what was found, filtered as it is asked', async () => {
    expect((await list('')).items).toHaveLength(4);
    const of = async (query: string) =>
      (await list(query)).items.map(({ rule, workload }) => `${workload} ${rule}`).toSorted();
    expect(await of('?workload=deployment/api')).toEqual(['deployment/api a']);
    expect(await of('?rule=a')).toEqual(['deployment/api a', 'deployment/web a']);
    expect(await of('?severity=low')).toEqual(['deployment/api a']);
    expect(await of('?namespace=shop&profile=base&cluster=east&area=os&status=new')).toHaveLength(4);
    for (const query of ['?namespace=till', '?profile=other', '?cluster=west', '?area=images', '?status=fixed'])
      expect([query, await of(query)]).toEqual([query, []]);
  });

  test('goes on where the page before ended', async () => {
    const first = await list('?limit=3');
    expect(first.items).toHaveLength(3);
    const second = await list(`?limit=3&after=${String(first.next)}`);
    expect([second.items.length, second.next]).toEqual([1, null]);
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(4);
  });

  test.each(['?status=open', '?limit=0', '?limit=201', '?after=1', '?workload=web', '?x=1', "?namespace=a'b"])(
    'is not asked for by %s',
    async query => expect((await list(query)).status).toBe(422),
  );

  test('shows a team nothing of another, and a key no more than it is for', async () => {
    expect((await list('', world.keys.bank)).items).toEqual([]);
    const keyFor = async (scope: { namespaces?: string[]; profiles?: string[]; clusters?: string[] }) =>
      (
        await parts.store.asTeam(world.shop.team, transaction =>
          createTeamKey(
            transaction,
            { name: 'x', role: 'viewer', scope, expiresAt: new Date(Date.now() + 60_000) },
            world.shop,
          ),
        )
      ).text.reveal();
    expect((await list('', await keyFor({ namespaces: ['shop'], profiles: ['base'] }))).items).toHaveLength(4);
    for (const scope of [{ namespaces: ['till'] }, { profiles: ['other'] }, { clusters: ['west'] }]) {
      const key = await keyFor(scope);
      expect((await list('', key)).items).toEqual([]);
      const [own] = (await list('')).items;
      expect((await api.call('GET', `/findings/${own?.fingerprint}`, { key })).status).toBe(404);
    }
  });
});

test('one finding tells who saw it, in which scan, and what became of it', async () => {
  const [item] = (await list('?workload=deployment/api')).items;
  const { body } = await api.call('GET', `/findings/${item?.fingerprint}`, { key: world.keys.shop });
  expect(body['items']).toMatchObject([
    {
      rule: 'a',
      title: 'Rule a',
      cluster: 'east',
      document: { evidence: 'expected it to be otherwise' },
      sources: [{ tool: 'cinc-scan', standing: 'open', looked: true, scan }],
      history: [{ status: 'new', scan }],
    },
  ]);
  expect((await api.call('GET', `/findings/${'0'.repeat(64)}`, { key: world.keys.shop })).status).toBe(404);
  expect((await api.call('GET', '/findings/x', { key: world.keys.shop })).status).toBe(422);
});

test('the findings of a scan are among its results', async () => {
  const { text } = await api.call('GET', `/scans/${scan}/results?format=findings`, { key: world.keys.shop });
  expect(JSON.parse(text)).toMatchObject({ version: 1, sources: [{ profile: 'base' }, { profile: 'base' }] });
});

describe('results of other scanners', () => {
  const source = { id: 'web-image', tool: 'trivy', area: 'images', target: 'image:shop/web', file: 'web.json' };
  const send = (content: string, more: object = {}, key = world.keys.bank) =>
    api.call('POST', '/findings/import', {
      key,
      body: {
        sources: { scope: 'shop', sources: [{ ...source, ...more }] },
        files: content === '' ? [] : [{ path: 'web.json', content }],
      },
    });
  const changesIn = (body: Record<string, unknown>) =>
    (body['sources'] as { looked: boolean; problem: string | null; changes: Record<string, number> | null }[])[0];

  test('are taken once: the same again changes nothing', async () => {
    const first = await send(sample('trivy/image-v2.json'));
    expect([first.status, changesIn(first.body)?.looked]).toEqual([200, true]);
    const count = changesIn(first.body)?.changes?.['new'] ?? 0;
    expect(count).toBeGreaterThan(0);
    const before = await list('?area=images&limit=200', world.keys.bank);
    expect(before.items).toHaveLength(Math.min(count, 200));
    const again = await send(sample('trivy/image-v2.json'));
    expect(changesIn(again.body)).toMatchObject({ looked: true, changes: null });
    expect(await list('?area=images&limit=200', world.keys.bank)).toEqual(before);
  });

  test.each<[what: string, content: () => string]>([
    ['is not there', () => ''],
    ['is cut off', () => sample('trivy/image-v2.json').slice(0, 5000)],
    ['is of another tool', () => sample('clair/v4.json')],
    ['says that nothing was looked at', () => sample('trivy/nothing-looked-at.json')],
  ])('close nothing where the file %s', async (_, content) => {
    const open = async () =>
      (await list('?area=images&limit=200', world.keys.bank)).items.map(({ status }) => status).toSorted();
    const before = await open();
    const { body } = await send(content());
    expect(changesIn(body)).toMatchObject({ looked: false, problem: expect.any(String) });
    const after = await open();
    expect(after).toHaveLength(before.length);
    expect(new Set(after)).toEqual(new Set(['unsure']));
    expect(after).not.toContain('fixed');
  });

  test('that say that nothing is left fix what they found before', async () => {
    const result = JSON.parse(sample('trivy/image-v2.json')) as { Results: Record<string, unknown>[] };
    const clean = result.Results.map(({ Vulnerabilities: _, ...rest }) => rest);
    const { body } = await send(JSON.stringify({ ...result, Results: clean }));
    expect(changesIn(body)).toMatchObject({ looked: true, problem: null, changes: { unsure: 0, known: 0 } });
    const { items } = await list('?area=images&limit=200', world.keys.bank);
    expect(new Set(items.map(({ status }) => status))).toEqual(new Set(['fixed']));
  });

  test.each<[what: string, sources: unknown, status: number, code: string]>([
    ['no source', { scope: 'x', sources: [] }, 422, 'SOURCES_INVALID'],
    ['an unknown tool', { scope: 'x', sources: [{ ...source, tool: 'nmap' }] }, 422, 'SOURCES_INVALID'],
    ['an unknown key', { scope: 'x', sources: [{ ...source, path: '/etc/passwd' }] }, 422, 'SOURCES_INVALID'],
    [
      'a run of our own',
      { scope: 'x', sources: [{ id: 'a', tool: 'cinc-scan', area: 'os', folder: '/' }] },
      422,
      'SOURCES_INVALID',
    ],
    ['a list', [], 422, 'REQUEST_INVALID'],
  ])('are refused with %s', async (...[, sources, status, code]) => {
    const answer = await api.call('POST', '/findings/import', { key: world.keys.bank, body: { sources, files: [] } });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  test("of a cluster that is not the team's are of one that is not there", async () => {
    const body = { cluster: 'west', sources: { scope: 'x', sources: [source] }, files: [] };
    expect((await api.call('POST', '/findings/import', { key: world.keys.bank, body })).status).toBe(404);
  });
});
