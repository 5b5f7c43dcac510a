// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { sql } from 'kysely';
import { pino } from 'pino';
import { brokenEntries } from '../store/audit-log.ts';
import { endExpired } from '../store/keys.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { startIssuer, type TestIssuer } from '../testing/test-issuer.ts';
import { makeWorld, type World } from '../testing/world.ts';

const audience = 'https://scans.example';
const github = {
  aud: audience,
  sub: 'repo:org/app:ref:refs/heads/main',
  repository: 'org/app',
  repository_owner: 'org',
  ref: 'refs/heads/main',
  event_name: 'push',
};
const mainOfApp = { repository: 'org/app', ref: 'refs/heads/main' };

/** Claims as the documentation of each has them, and a rule for them. */
const systems: [name: string, claims: Record<string, unknown>, rule: Record<string, string | string[]>][] = [
  ['github', github, mainOfApp],
  [
    'gitlab',
    {
      aud: audience,
      sub: 'project_path:group/app:ref_type:branch:ref:main',
      project_path: 'group/app',
      namespace_path: 'group',
      ref: 'main',
      ref_protected: 'true',
      job_id: '302',
    },
    { project_path: 'group/*', ref_protected: 'true' },
  ],
  [
    'circleci',
    { aud: audience, sub: 'org/0a/project/1b/user/2c', 'oidc.circleci.com/project-id': '1b' },
    { 'oidc.circleci.com/project-id': ['1b', '9z'] },
  ],
  [
    'azure',
    { aud: audience, sub: 'p://org/project/pipeline', org_id: '7', rpo_id: '8' },
    { sub: 'p://org/*/pipeline' },
  ],
  [
    'cluster',
    {
      aud: [audience],
      sub: 'system:serviceaccount:ci:runner',
      'kubernetes.io': { namespace: 'ci', serviceaccount: { name: 'runner', uid: 'u' } },
    },
    { sub: 'system:serviceaccount:ci:*' },
  ],
];

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('a token, %s', kind => {
  let parts: TestStore;
  let world: World;
  let served: TestApi;
  let issuer: TestIssuer;
  const issuers: TestIssuer[] = [];
  const logged: string[] = [];

  const start = async () => {
    const started = await startIssuer();
    issuers.push(started);
    return started;
  };
  const call = (method: string, path: string, key: string, body?: unknown) =>
    served.client.call(method, path, { key, body });
  const asAdmin = (method: string, path: string, body?: unknown) => call(method, path, world.keys.shop, body);
  const asOperator = (method: string, path: string, body?: unknown) => call(method, path, world.keys.operator, body);
  const exchange = (token: string, team?: string) =>
    served.client.call('POST', '/token', { body: { token, ...(team !== undefined && { team }) } });
  const saidOf = async (token: string, team?: string) => {
    const { status, body } = await exchange(token, team);
    return [status, body['code'], body['detail']];
  };
  const register = async (from: TestIssuer, name: string, as = asAdmin, door = '') => {
    const { status, body } = await as('POST', `${door}/issuers`, { name, url: from.url, audience });
    expect([status, body['code']]).toEqual([201, undefined]);
    return String(body['id']);
  };
  const addRule = async (to: string, rule: object, as = asAdmin, door = '') => {
    const body = { name: 'main', claims: mainOfApp, role: 'scanner', ...rule };
    const made = await as('POST', `${door}/issuers/${to}/rules`, body);
    expect([made.status, made.body['code']]).toEqual([201, undefined]);
    return String(made.body['id']);
  };

  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
    const logger = pino({ level: 'warn' }, { write: text => void logged.push(text) });
    served = await serveApi(parts, { logger });
    issuer = await start();
    await addRule(await register(issuer, 'shared'), { scope: { namespaces: ['shop'] } });
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    for (const each of issuers) await each[Symbol.asyncDispose]();
    await parts[Symbol.asyncDispose]();
  });

  test.each(systems)('of %s becomes a key that lasts as long as its rule says', async (name, claims, rule) => {
    const from = await start();
    const id = await register(from, name);
    await addRule(id, { name: 'app', claims: rule, role: 'scanner', minutes: 30 });
    const answer = await exchange(await from.sign(claims));
    expect(answer).toMatchObject({
      status: 201,
      body: { team: 'shop', role: 'scanner', scope: null, issuer: name, rule: 'app' },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const left = Date.parse(String(answer.body['expiresAt'])) - Date.now();
    expect(left).toBeGreaterThan(29 * 60_000);
    expect(left).toBeLessThanOrEqual(30 * 60_000);
    const key = String(answer.body['key']);
    const me = await call('GET', '/me', key);
    expect(me.body).toMatchObject({ name: `${name}: ${String(claims['sub'])}`, team: 'shop', role: 'scanner' });
    const body = { namespace: ['shop'], targets: [`pod/${name}`], profile: ['base'] };
    expect((await call('POST', '/scans', key, body)).status).toBe(202);
    expect((await call('GET', '/keys', key)).status).toBe(403);
    const other = Object.fromEntries(Object.keys(rule).map(claim => [claim, 'another']));
    expect((await exchange(await from.sign({ ...claims, ...other }))).status).toBe(401);
  });

  test('leaves in the audit log who came by it, and nothing of itself', async () => {
    const token = await issuer.sign({ ...github, jti: 'job-1' });
    const { body } = await exchange(token);
    expect(body).toMatchObject({ scope: { namespaces: ['shop'] } });
    const { body: log } = await asOperator('GET', '/audit?limit=1');
    expect(log['items']).toEqual([
      expect.objectContaining({
        action: 'key.exchange',
        object: String(body['key']).slice(3, 11),
        detail: expect.objectContaining({
          rule: 'shared/main',
          issuer: issuer.url,
          claims: { sub: github.sub, jti: 'job-1', ...mainOfApp },
        }),
      }),
    ]);
    expect(await parts.store.asPlatform(brokenEntries)).toEqual([]);
    const { rows } = await sql<{ text: string }>`
      select (select jsonb_agg(k)::text from api_key k) || (select jsonb_agg(a)::text from audit_entry a) as text`.execute(
      parts.database.kysely,
    );
    expect(rows[0]?.text).not.toContain(token.split('.')[2]);
    expect(rows[0]?.text).not.toContain(String(body['key']).slice(-32));
  });

  test('of one subject that comes five times at once is one principal with five keys', async () => {
    const token = await issuer.sign({ ...github, sub: 'repo:org/app:environment:five' });
    const answers = await Promise.all(Array.from({ length: 5 }, () => exchange(token)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body['key'])).size).toBe(5);
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from principal where name like '%environment:five'`.execute(parts.database.kysely);
    expect(rows).toEqual([{ n: 1 }]);
  });

  describe('is refused', () => {
    const now = Math.floor(Date.now() / 1000);
    const vouches = [401, 'SERVICE_TOKEN_REFUSED', 'No issuer that is registered here vouches for the token'];
    const others = [
      401,
      'SERVICE_TOKEN_REFUSED',
      'The token is for another audience than its issuer is registered with here, or for several',
    ];

    const ofClaims: [what: string, change: Record<string, unknown>, said: RegExp][] = [
      ['expired', { exp: now - 60 }, /^The token has expired at 20/],
      ['not valid yet', { nbf: now + 600 }, /^The token is valid from 20.* only$/],
      ['issued tomorrow', { iat: now + 86_400, exp: now + 90_000 }, /^The token is valid from 20/],
      ['without an end', { exp: undefined }, /lacks the claim exp/],
      ['without a beginning', { iat: undefined }, /lacks the claim iat/],
      ['without a subject', { sub: undefined }, /lacks the claim sub/],
      ['without an audience', { aud: undefined }, /lacks the claim aud/],
      ['without an issuer', { iss: undefined }, /lacks the claim iss/],
      ['with control characters', { sub: 'a\u001b[31m' }, /sub of the token is not a text/],
      ['that hides where it reads from', { sub: 'a\u202eb' }, /sub of the token is not a text/],
      ['with an issuer that is a list', { iss: ['a'] }, /iss of the token is not a text/],
      ['with an end that is a text', { exp: 'never' }, /exp of the token is not a time/],
      ['with an end that no calendar has', { exp: 1e300 }, /exp of the token is not a time/],
    ];
    test.each(ofClaims)('where it is %s', async (_, change, said) => {
      const [status, code, detail] = await saidOf(await issuer.sign({ ...github, ...change }));
      expect([status, code]).toEqual([401, 'SERVICE_TOKEN_REFUSED']);
      expect(detail).toMatch(said);
    });

    test('where its audience is another, or one of several', async () => {
      expect(await saidOf(await issuer.sign({ ...github, aud: 'https://other.example' }))).toEqual(others);
      expect(await saidOf(await issuer.sign({ ...github, aud: [audience, 'https://other.example'] }))).toEqual(others);
      expect(await saidOf(await issuer.sign({ ...github, aud: [] }))).toEqual(others);
      expect(await saidOf(await issuer.sign({ ...github, aud: { a: audience } }))).toEqual(others);
    });

    test('where it is none', async () => {
      for (const text of ['x', 'a.b.c', 'e30.e30.', '..', world.keys.shop])
        expect((await saidOf(text)).slice(0, 2)).toEqual([401, 'SERVICE_TOKEN_REFUSED']);
      expect((await saidOf('x'.repeat(20_000)))[0]).toBe(422);
      expect((await saidOf(`a.${'b'.repeat(40_000)}.c`)).slice(0, 2)).toEqual([400, 'SERVICE_BODY']);
    });

    test('where nobody signed it, or everybody could have', async () => {
      const unsigned = new UnsecuredJWT({ iss: issuer.url, ...github }).setIssuedAt().setExpirationTime('5m').encode();
      expect(await saidOf(unsigned)).toEqual([
        401,
        'SERVICE_TOKEN_REFUSED',
        'The token is signed by none: only signatures with a private key of its issuer are taken',
      ]);
      const publicKey = JSON.stringify(issuer.keys[0]);
      const kid = String(issuer.keys[0]?.kid);
      const withSecret = (header: object) =>
        new SignJWT({ iss: issuer.url, ...github })
          .setProtectedHeader({ alg: 'HS256', kid, ...header })
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(Buffer.from(publicKey));
      expect((await saidOf(await withSecret({})))[2]).toMatch(/^The token is signed by HS256/);
      const [, payload, signature] = (await withSecret({})).split('.');
      const claimed = Buffer.from(JSON.stringify({ alg: 'RS256', kid })).toString('base64url');
      expect(await saidOf(`${claimed}.${payload}.${signature}`)).toEqual(vouches);
    });

    test('where another key signed it, also one that it brings along', async () => {
      const other = await start();
      const forged = { ...github, iss: issuer.url };
      const kid = String(issuer.keys[0]?.kid);
      expect(await saidOf(await other.sign(forged))).toEqual(vouches);
      expect(await saidOf(await other.sign(forged, { kid }))).toEqual(vouches);
      const [jwk] = other.keys;
      if (jwk === undefined) throw new Error('no key');
      expect(await saidOf(await other.sign(forged, { jwk, jku: `${other.url}/jwks` }))).toEqual(vouches);
      const [header, payload, signature = ''] = (await issuer.sign(github)).split('.');
      const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
      expect(await saidOf(`${header}.${payload}.${flipped}`)).toEqual(vouches);
    });

    test('where its issuer is not registered, in the words for a signature that is wrong', async () => {
      const other = await start();
      expect(await saidOf(await other.sign(github))).toEqual(vouches);
      expect(await saidOf(await issuer.sign({ ...github, iss: `${issuer.url}/` }))).toEqual(vouches);
      expect(other.asked).toBe(0); // nobody makes us ask a place of theirs
    });

    test('where no rule takes it, in the same words whatever team is named', async () => {
      const token = await issuer.sign({ ...github, ref: 'refs/heads/evil' });
      const said = await saidOf(token);
      expect(said).toEqual([401, 'SERVICE_TOKEN_REFUSED', expect.stringMatching(/^No rule takes the claims/)]);
      const good = await issuer.sign(github);
      for (const team of ['bank', 'nobody'])
        expect([await saidOf(token, team), await saidOf(good, team)]).toEqual([said, said]);
      expect((await exchange(good, 'shop')).status).toBe(201);
    });

    test('with the reason in the log, without the token', async () => {
      logged.length = 0;
      const other = await start();
      const token = await other.sign(github);
      await exchange(token);
      expect(logged.join('')).toMatch(/the issuer \S+ is not registered/);
      expect(logged.join('')).not.toContain(token.split('.')[2]);
    });
  });

  test('whose issuer cannot be asked is neither taken nor called wrong', async () => {
    const from = await start();
    const id = await register(from, 'silent');
    await addRule(id, {});
    await from.rotate();
    const again = await serveApi(parts);
    try {
      for (const how of ['garbage', 'an error', 'elsewhere', 'nothing'] as const) {
        from.answering = how;
        const answer = await again.client.call('POST', '/token', { body: { token: await from.sign(github) } });
        expect([answer.status, answer.body['code']]).toEqual([503, 'SERVICE_UNAVAILABLE']);
        expect(JSON.stringify(answer.body)).not.toContain(from.url);
      }
    } finally {
      await again[Symbol.asyncDispose]();
    }
  });

  test('for which several teams have rules names its team', async () => {
    const from = await start();
    const id = await register(from, 'of-all', asOperator, '/platform');
    await addRule(id, { team: 'shop' }, asOperator, '/platform');
    await addRule(id, { role: 'viewer' }, (method, path, body) => call(method, path, world.keys.bank, body));
    const token = await from.sign(github);
    expect(await saidOf(token)).toEqual([
      422,
      'INPUT_INVALID',
      'team: the token is let into several, name one of shop, bank',
    ]);
    expect((await exchange(token, 'bank')).body).toMatchObject({ team: 'bank', role: 'viewer' });
    expect((await exchange(token, 'shop')).body).toMatchObject({ team: 'shop', role: 'scanner' });
    const { body } = await asAdmin('GET', `/issuers/${id}/rules`);
    expect((body['items'] as { team: string }[]).map(({ team }) => team)).toEqual(['shop']);
    const [ofShop] = body['items'] as { id: string }[];
    const asBank = (path: string) => call('DELETE', path, world.keys.bank);
    expect((await asBank(`/issuers/${id}/rules/${ofShop?.id}`)).status).toBe(404);
    expect((await asBank(`/issuers/${id}`)).status).toBe(404);
    expect((await asOperator('DELETE', `/platform/issuers/${id}/rules/${ofShop?.id}`)).status).toBe(204);
  });

  test('takes the first rule that fits', async () => {
    const from = await start();
    const id = await register(from, 'ordered');
    await addRule(id, { name: 'first', role: 'viewer' });
    await addRule(id, { name: 'second', role: 'approver' });
    expect((await exchange(await from.sign(github))).body).toMatchObject({ rule: 'first', role: 'viewer' });
  });

  test('that a team vouches for with keys of its own opens no other team', async () => {
    const forger = await start();
    const fake = { name: 'fake', url: issuer.url, audience, keys: { keys: forger.keys } };
    const made = await call('POST', '/issuers', world.keys.bank, fake);
    expect(made.body).toMatchObject({ keys: 'given', owner: 'team' });
    const rules = `/issuers/${String(made.body['id'])}/rules`;
    await call('POST', rules, world.keys.bank, { name: 'all', claims: mainOfApp, role: 'approver' });
    const forged = await forger.sign({ ...github, iss: issuer.url });
    expect((await exchange(forged)).body).toMatchObject({ team: 'bank' });
    expect((await exchange(forged, 'shop')).status).toBe(401);
    expect((await exchange(await issuer.sign(github))).body).toMatchObject({ team: 'shop' });
    // The same subject of two issuers is two.
    const { rows } = await sql<{ n: number }>`
      select count(distinct principal_id)::int as n from principal_identity where subject = ${github.sub}
        and source in (select 'issuer:' || id from issuer where url = ${issuer.url})`.execute(parts.database.kysely);
    expect(rows).toEqual([{ n: 2 }]);
    await call('DELETE', `/issuers/${String(made.body['id'])}`, world.keys.bank);
  });

  test.each(['rule', 'issuer'])('became a key that ends with its %s', async what => {
    const from = await start();
    const id = await register(from, `ends-${what}`);
    const rule = await addRule(id, {});
    const key = String((await exchange(await from.sign(github))).body['key']);
    expect((await call('GET', '/me', key)).status).toBe(200);
    const path = what === 'rule' ? `/issuers/${id}/rules/${rule}` : `/issuers/${id}`;
    expect((await asAdmin('DELETE', path)).status).toBe(204);
    expect((await call('GET', '/me', key)).status).toBe(401);
    expect((await exchange(await from.sign(github))).status).toBe(401);
  });

  test('became a key that is revoked like any other, and is gone a day after its end', async () => {
    const { body } = await exchange(await issuer.sign(github));
    const key = String(body['key']);
    const { body: me } = await asAdmin('GET', '/keys');
    const listed = (me['items'] as { id: string; publicId: string }[]).find(({ publicId }) => key.includes(publicId));
    expect(listed).toMatchObject({ name: 'shared/main', role: 'scanner' });
    const id = String(listed?.id);
    expect((await asAdmin('DELETE', `/keys/${id}`)).status).toBe(204);
    expect((await call('GET', '/me', key)).status).toBe(401);
    const age = async (hours: number) => {
      const end = new Date(Date.now() - hours * 3_600_000);
      await parts.store.asPlatform(async transaction => {
        await transaction.updateTable('api_key').set({ expires_at: end }).where('id', '=', id).execute();
        await endExpired(transaction);
      });
      const { body: keys } = await asAdmin('GET', '/keys');
      return JSON.stringify(keys).includes(id);
    };
    expect([await age(23), await age(25)]).toEqual([true, false]);
  });

  describe('has an issuer', () => {
    const refused: [what: string, body: object, said: [number, string]][] = [
      ['over a line that is open', { url: 'http://ci.example' }, [422, 'REQUEST_INVALID']],
      ['with credentials', { url: 'https://a:b@ci.example' }, [422, 'REQUEST_INVALID']],
      ['that is a file', { url: 'file:///etc/passwd' }, [422, 'REQUEST_INVALID']],
      ['with a query', { url: 'https://ci.example/?a' }, [422, 'REQUEST_INVALID']],
      ['in a private network', { url: 'https://10.0.0.1' }, [422, 'ISSUER_UNUSABLE']],
      ['of the metadata service', { url: 'https://169.254.169.254' }, [422, 'ISSUER_UNUSABLE']],
      ['that nobody answers for', { url: 'http://127.0.0.1:1' }, [422, 'ISSUER_UNUSABLE']],
      ['with keys that are secrets', { keys: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, [422, 'REQUEST_INVALID']],
      ['with an audience of two words', { audience: 'a b' }, [422, 'REQUEST_INVALID']],
    ];
    test.each(refused)('%s: refused', async (_, change, said) => {
      const { status, body } = await asAdmin('POST', '/issuers', { name: 'new', url: issuer.url, audience, ...change });
      expect([status, body['code']]).toEqual(said);
    });

    test('of one name, and no more than twenty', async () => {
      const body = { name: 'shared', url: issuer.url, audience };
      expect((await asAdmin('POST', '/issuers', body)).body['code']).toBe('SERVICE_CONFLICT');
      const given = { url: 'https://ci.example', audience, keys: { keys: issuer.keys } };
      const seen = new Set<number>();
      for (let n = 0; n < 21; n += 1)
        seen.add((await call('POST', '/issuers', world.keys.bank, { ...given, name: `n${n}` })).status);
      expect([...seen]).toEqual([201, 409]);
    });

    test('that is asked whether it can be used', async () => {
      const from = await start();
      const id = await register(from, 'checked');
      expect((await asAdmin('POST', `/issuers/${id}/check`)).body).toEqual({ keys: 1 });
      from.answering = 'garbage';
      const { status, body } = await asAdmin('POST', `/issuers/${id}/check`);
      expect([status, body['code'], body['detail']]).toEqual([
        422,
        'ISSUER_UNUSABLE',
        expect.stringMatching(/not JSON/),
      ]);
    });
  });

  test.each([
    ['that anybody has', { claims: { ref: 'refs/heads/main' } }, [422, 'INPUT_INVALID']],
    ['of no claims', { claims: {} }, [422, 'REQUEST_INVALID']],
    ['for an administrator', { role: 'admin' }, [422, 'REQUEST_INVALID']],
    ['for keys that last a week', { minutes: 10_080 }, [422, 'REQUEST_INVALID']],
    ['for another team', { team: 'bank' }, [422, 'REQUEST_INVALID']],
  ])('has no rule %s', async (_, change, said) => {
    const made = await asAdmin('POST', '/issuers', {
      name: `github-${Math.random().toString(36).slice(2)}`,
      url: 'https://token.actions.githubusercontent.com',
      audience,
      keys: { keys: issuer.keys },
    });
    const body = { name: 'new', claims: mainOfApp, role: 'scanner', ...change };
    const answer = await asAdmin('POST', `/issuers/${String(made.body['id'])}/rules`, body);
    expect([answer.status, answer.body['code']]).toEqual(said);
  });
});
