// SPDX-License-Identifier: Apache-2.0
// Every route that the running API has, and who gets in: what is expected follows from what the route says of itself.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyScope } from '../domain/key-scope.ts';
import { type PlatformRole, platformRoles, type TeamRole, teamRoles } from '../domain/roles.ts';
import { Leases } from '../queue/leases.ts';
import { Tickets } from '../queue/tickets.ts';
import { wirePrefix } from '../runner/wire.ts';
import { createFirstKey, createTeamKey, revokeKey } from '../store/keys.ts';
import { openCluster, registerCluster } from '../store/registry.ts';
import type { Answer, ApiClient } from '../testing/api-client.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { bodies, makeObjects, nobodys, type Owned, objects } from '../testing/team-objects.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';
import type { RouteAccess } from './sign-in.ts';

let parts: TestStore;
let world: World;
let served: TestApi;
let api: ApiClient;
let routes: RouteAccess[];
let ofShop: Owned;

const prefix = '/api/v1';
const isOfApi = (url: string) => url.startsWith(prefix);
const lineOf = ({ method, url }: RouteAccess) => `${method} ${url.replace(prefix, '')}`;
const isGetTwin = ({ method }: RouteAccess) => method === 'HEAD';

/** The route with something in the place of each parameter. */
const filled = ({ url }: RouteAccess) =>
  url
    .replace(prefix, '')
    .replace(':id', nobodys)
    .replace(':scan/:attempt', `${nobodys}/1`)
    .replace(':version', '1.0.0')
    .replaceAll(/:[a-z]+/g, 'none');

const inAnHour = () => new Date(Date.now() + 3_600_000);

const keyOf = async (role: TeamRole, expiresAt = inAnHour(), scope: KeyScope | null = null) =>
  (
    await parts.store.asTeam(world.shop.team, transaction =>
      createTeamKey(transaction, { name: role, role, scope, expiresAt }, world.shop),
    )
  ).text.reveal();

async function revokedKey(): Promise<string> {
  return parts.store.asTeam(world.shop.team, async transaction => {
    const made = await createTeamKey(transaction, { name: 'x', role: 'admin', expiresAt: inAnHour() }, world.shop);
    await revokeKey(transaction, made.id, world.shop);
    return made.text.reveal();
  });
}

async function platformKey(role: PlatformRole): Promise<string> {
  const made = await parts.store.asPlatform(transaction =>
    createFirstKey(
      transaction,
      { name: role, role, regions: role === 'runner' ? ['far'] : undefined, team: null, expiresAt: inAnHour() },
      world.operator.principal,
    ),
  );
  return made.text.reveal();
}

/** Whom a route lets in, of all roles there are. */
function admitted({ access }: RouteAccess): string[] {
  switch (access.kind) {
    case 'anyone':
    case 'signed-in':
      return [...teamRoles, ...platformRoles];
    case 'team':
      return teamRoles.slice(teamRoles.indexOf(access.role));
    case 'runner':
      return ['runner'];
    case 'ticket':
      return []; // of one attempt alone
    case 'platform':
      return platformRoles.slice(platformRoles.indexOf(access.role));
  }
}

beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
  served = await serveApi(parts);
  api = served.client;
  routes = served.server.accesses.filter(({ url }) => isOfApi(url) || url.startsWith(wirePrefix));
  ofShop = await makeObjects(parts, world);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});

test('the description has every route that is not of the machinery', () => {
  const described = api.operations.map(
    ({ method, path }) => `${method} ${path.replace(prefix, '').replaceAll(/\{([a-z]+)\}/g, ':$1')}`,
  );
  const running = routes.filter(route => isOfApi(route.url) && !isGetTwin(route)).map(lineOf);
  expect(running.toSorted()).toEqual([...described, 'GET /openapi.json'].toSorted());
  const others = served.server.accesses.filter(({ url }) => !routes.some(route => route.url === url));
  expect([...new Set(others.map(({ url }) => url))].toSorted()).toEqual([
    '/auth/callback',
    '/auth/sign-in',
    '/auth/sign-out',
    '/docs',
    '/livez',
    '/readyz',
  ]);
});

describe('every route', () => {
  test('serves nobody without a valid key, and says no more of one than of another', async () => {
    const keys = {
      none: undefined,
      nonsense: 'x',
      expired: await keyOf('admin', new Date(0)),
      revoked: await revokedKey(),
      'with the secret of another key': `${world.keys.shop.slice(0, -32)}${world.keys.bank.slice(-32)}`,
      'with a letter more': `${world.keys.shop}a`,
    };
    const said = new Set<string>();
    for (const route of guarded())
      for (const [what, key] of Object.entries(keys)) {
        const { status, text } = await api.call(route.method, filled(route), { key });
        expect([lineOf(route), what, status]).toEqual([lineOf(route), what, 401]);
        said.add(text);
      }
    said.delete(''); // of HEAD
    expect(said.size).toBe(1);
  });

  test('serves the roles that it names and those above, and no other', async () => {
    const keys: Record<string, string> = {};
    for (const role of teamRoles) keys[role] = await keyOf(role);
    for (const role of [...platformRoles, 'runner'] as const) keys[role] = await platformKey(role);
    for (const route of guarded())
      for (const [role, key] of Object.entries(keys)) {
        const { status } = await api.call(route.method, filled(route), { key });
        const isIn = admitted(route).includes(role);
        expect([lineOf(route), role, status === 403 ? 'kept out' : 'let in']).toEqual([
          lineOf(route),
          role,
          isIn ? 'let in' : 'kept out',
        ]);
        expect([lineOf(route), status >= 500]).toEqual([lineOf(route), false]);
      }
  });

  test('serves a pod that runs an attempt only where it says so, and its ticket where that is traded', async () => {
    const cluster = { slug: 'of-pods', credential: undefined, context: undefined, region: 'pods', mostRuns: undefined };
    const { store, queue } = parts;
    const by = world.operator.principal;
    await queue.addCluster(await store.asPlatform(transaction => registerCluster(transaction, cluster, by)));
    await store.asPlatform(transaction =>
      openCluster(transaction, { cluster: 'of-pods', team: 'shop', namespaces: ['shop'] }, by),
    );
    await submit(parts, world.shop, { ...askFor('pod/of-pods'), cluster: 'of-pods' });
    const lease = await new Leases(parts).take('a worker', ['pods']);
    if (lease === undefined) throw new Error('nothing waits');
    const tickets = new Tickets(parts);
    const ticket = (await tickets.issue(lease, { goodSeconds: 60 })).text.reveal();
    const ask = async (route: RouteAccess, key: string) => {
      const path = filled(route).replace(`${nobodys}/1`, `${lease.scan}/${lease.attempt}`);
      const url = `${served.url}${isOfApi(route.url) ? prefix : ''}${path}`;
      const { status } = await fetch(url, { method: route.method, headers: { authorization: `Bearer ${key}` } });
      return status === 403 ? 'kept out' : 'let in';
    };
    for (const route of guarded())
      expect([lineOf(route), await ask(route, ticket)]).toEqual([
        lineOf(route),
        route.url === `${wirePrefix}/tickets` ? 'let in' : 'kept out',
      ]);
    const { key } = await tickets.trade({ kind: 'ticket', ...lease }, 'a pod');
    const isOfLease = ({ url }: RouteAccess) => url.startsWith(`${wirePrefix}/leases/:scan/:attempt/`);
    expect(guarded().filter(isOfLease)).toHaveLength(5);
    for (const route of guarded())
      expect([lineOf(route), await ask(route, key.reveal())]).toEqual([
        lineOf(route),
        isOfLease(route) ? 'let in' : 'kept out',
      ]);
  });

  test('serves a browser that a key has signed in as it serves the key, and changes nothing by a page of others', async () => {
    const keys: Record<string, string> = {};
    for (const role of teamRoles) keys[role] = await keyOf(role);
    for (const role of platformRoles) keys[role] = await platformKey(role);
    for (const [role, key] of Object.entries(keys)) {
      const cookie = await cookieOf(key);
      for (const route of guarded()) {
        const ask = async (site: string) => {
          const headers = { cookie, 'sec-fetch-site': site };
          return (await api.call(route.method, filled(route), { headers })).status === 403 ? 'kept out' : 'let in';
        };
        const isIn = admitted(route).includes(role);
        const isRead = route.method === 'GET' || route.method === 'HEAD';
        expect([lineOf(route), role, await ask('same-origin'), await ask('cross-site')]).toEqual([
          lineOf(route),
          role,
          isIn ? 'let in' : 'kept out',
          isIn && isRead ? 'let in' : 'kept out',
        ]);
      }
    }
  });

  test('serves no browser whose cookie is none, whose session has ended, or whose key is revoked', async () => {
    const key = await parts.store.asTeam(world.shop.team, transaction =>
      createTeamKey(transaction, { name: 'x', role: 'admin', expiresAt: inAnHour() }, world.shop),
    );
    const revoked = await cookieOf(key.text.reveal());
    await parts.store.asTeam(world.shop.team, transaction => revokeKey(transaction, key.id, world.shop));
    const ended = await cookieOf(world.keys.shop);
    const sending = { method: 'POST', headers: { cookie: ended, 'sec-fetch-site': 'same-origin' } };
    expect((await fetch(`${served.url}/auth/sign-out`, sending)).status).toBe(204);
    const cookies = [
      revoked,
      ended,
      'cinc_scan_session=x',
      `cinc_scan_session=${'A'.repeat(43)}`,
      'cinc_scan_session=',
    ];
    for (const route of guarded())
      for (const cookie of cookies) {
        const headers = { cookie, 'sec-fetch-site': 'same-origin' };
        const { status } = await api.call(route.method, filled(route), { headers });
        expect([lineOf(route), cookie, status]).toEqual([lineOf(route), cookie, 401]);
      }
  });

  test('that names an object of a team has its line here', () => {
    const named = routes.filter(
      route => route.url.includes('/:') && ['team', 'signed-in'].includes(route.access.kind) && !isGetTwin(route),
    );
    expect(named.map(lineOf).toSorted()).toEqual(Object.keys(objects).toSorted());
  });

  test("says of what is another team's what it says of what is not there", async () => {
    for (const [line, paths] of Object.entries(objects)) {
      const [method = '', url = ''] = line.split(' ');
      const [own, missing] = paths(ofShop);
      const asked = { key: world.keys.bank, body: bodies[line] };
      const seen = [await api.call(method, own, asked), await api.call(method, missing, asked)].map(
        ({ status, text }) => [url, status, text.replaceAll(namesIn(own), '…').replaceAll(namesIn(missing), '…')],
      );
      expect(seen[0]).toEqual(seen[1]);
      expect(seen[0]?.[1]).toBe(404);
      if (method === 'GET') expect((await api.call('HEAD', own, { key: world.keys.bank })).status).toBe(404);
    }
  });

  test('of a team shows it nothing that is of another', async () => {
    const lists = guarded().filter(({ method, url }) => method === 'GET' && !url.includes('/:'));
    const marks = [
      ofShop.scan,
      ofShop.key,
      ofShop.issuer,
      ofShop.rule,
      ofShop.signInRule,
      ofShop.delivery,
      'ci-of-shop',
      'ops-of-shop',
      world.shop.team,
      world.shop.principal,
      'mine',
      'of-shop',
    ];
    for (const route of lists.filter(({ access }) => access.kind !== 'platform')) {
      const seen = (of: Answer) => marks.filter(mark => of.text.includes(mark));
      const answer = await api.call('GET', filled(route), { key: world.keys.bank });
      expect([lineOf(route), seen(answer)]).toEqual([lineOf(route), []]);
    }
  });

  test('serves a key with a scope only where it says that it holds to it, and then shows no more', async () => {
    for (const scope of [{ namespaces: ['till'] }, { clusters: ['west'] }, { profiles: ['other'] }]) {
      const key = await keyOf('admin', inAnHour(), scope);
      for (const route of guarded().filter(({ access }) => access.kind !== 'platform')) {
        const { status, text } = await api.call(route.method, filled(route), { key });
        const isScoped = 'scoped' in route.access;
        expect([lineOf(route), status === 403 ? 'kept out' : 'let in']).toEqual([
          lineOf(route),
          isScoped ? 'let in' : 'kept out',
        ]);
        expect([lineOf(route), text.includes(ofShop.scan)]).toEqual([lineOf(route), false]);
        const object = objects[lineOf(route)]?.(ofShop)[0];
        if (!isScoped || object === undefined) continue;
        expect([lineOf(route), (await api.call(route.method, object, { key })).status]).toEqual([lineOf(route), 404]);
      }
    }
    const key = await keyOf('viewer', inAnHour(), { namespaces: ['shop'], clusters: ['east'], profiles: ['base'] });
    expect((await api.call('GET', `/scans/${ofShop.scan}`, { key })).status).toBe(200);
    expect((await api.call('GET', '/scans', { key })).text).toContain(ofShop.scan);
  });

  test('that names an object gives it to its own team', async () => {
    for (const [line, paths] of Object.entries(objects)) {
      const [method = ''] = line.split(' ');
      const [own] = paths(ofShop);
      if (line.endsWith('/events')) continue; // goes on until the scan is over
      const { status, body } = await api.call(method, own, { key: world.keys.shop, body: bodies[line] });
      // A scan that waits has no report, which is another thing than no scan.
      const isThere = status < 300 || String(body['detail']).includes('has no report');
      expect([line, isThere]).toEqual([line, true]);
    }
  });
});

async function cookieOf(key: string): Promise<string> {
  const response = await fetch(`${served.url}/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ key }),
  });
  return response.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
}

const guarded = () => routes.filter(({ access }) => access.kind !== 'anyone');

/** The part of a path that stands for the object. */
const namesIn = (path: string): string => path.split('/')[2] ?? '';
