// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { sql } from 'kysely';
import { verifyChain } from '../store/audit-log.ts';
import { endExpired } from '../store/keys.ts';
import { serveApi } from '../testing/api-server.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import type { TestIssuer } from '../testing/test-issuer.ts';
import { audience, github, mainOfApp, TokenWorld } from '../testing/token-world.ts';

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
  let tokens: TokenWorld;
  let issuer: TestIssuer;

  beforeAll(async () => {
    tokens = await TokenWorld.open(kind === 'server' ? postgres : undefined);
    issuer = await tokens.startIssuer();
    await tokens.addRule(await tokens.register(issuer, 'shared'), { scope: { namespaces: ['shop'] } });
  });
  afterAll(async () => {
    await tokens[Symbol.asyncDispose]();
  });

  test.each(systems)('of %s becomes a key that lasts as long as its rule says', async (name, claims, rule) => {
    const from = await tokens.startIssuer();
    const id = await tokens.register(from, name);
    await tokens.addRule(id, { name: 'app', claims: rule, role: 'scanner', minutes: 30 });
    const answer = await tokens.exchange(await from.sign(claims));
    expect(answer).toMatchObject({
      status: 201,
      body: { team: 'shop', role: 'scanner', scope: null, issuer: name, rule: 'app' },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const left = Date.parse(String(answer.body['expiresAt'])) - Date.now();
    expect(left).toBeGreaterThan(29 * 60_000);
    expect(left).toBeLessThanOrEqual(30 * 60_000);
    const key = String(answer.body['key']);
    const me = await tokens.as(key)('GET', '/me');
    expect(me.body).toMatchObject({ name: `${name}: ${String(claims['sub'])}`, team: 'shop', role: 'scanner' });
    const body = { namespace: ['shop'], targets: [`pod/${name}`], profile: ['base'] };
    expect((await tokens.as(key)('POST', '/scans', body)).status).toBe(202);
    expect((await tokens.as(key)('GET', '/keys')).status).toBe(403);
    const other = Object.fromEntries(Object.keys(rule).map(claim => [claim, 'another']));
    expect((await tokens.exchange(await from.sign({ ...claims, ...other }))).status).toBe(401);
  });

  test('leaves in the audit log who came by it, and nothing of itself', async () => {
    const token = await issuer.sign({ ...github, jti: 'job-1' });
    const { body } = await tokens.exchange(token);
    expect(body).toMatchObject({ scope: { namespaces: ['shop'] } });
    const { body: log } = await tokens.asOperator('GET', '/audit?limit=1');
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
    expect((await tokens.parts.store.asPlatform(verifyChain)).broken).toEqual([]);
    const { rows } = await sql<{ text: string }>`
      select (select jsonb_agg(k)::text from api_key k) || (select jsonb_agg(a)::text from audit_entry a) as text`.execute(
      tokens.parts.database.kysely,
    );
    expect(rows[0]?.text).not.toContain(token.split('.')[2]);
    expect(rows[0]?.text).not.toContain(String(body['key']).slice(-32));
  });

  test('of one subject that comes five times at once is one principal with five keys', async () => {
    const token = await issuer.sign({ ...github, sub: 'repo:org/app:environment:five' });
    const answers = await Promise.all(Array.from({ length: 5 }, () => tokens.exchange(token)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body['key'])).size).toBe(5);
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from principal where name like '%environment:five'`.execute(
      tokens.parts.database.kysely,
    );
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
      const [status, code, detail] = await tokens.saidOf(await issuer.sign({ ...github, ...change }));
      expect([status, code]).toEqual([401, 'SERVICE_TOKEN_REFUSED']);
      expect(detail).toMatch(said);
    });

    test('where its audience is another, or one of several', async () => {
      expect(await tokens.saidOf(await issuer.sign({ ...github, aud: 'https://other.example' }))).toEqual(others);
      expect(await tokens.saidOf(await issuer.sign({ ...github, aud: [audience, 'https://other.example'] }))).toEqual(
        others,
      );
      expect(await tokens.saidOf(await issuer.sign({ ...github, aud: [] }))).toEqual(others);
      expect(await tokens.saidOf(await issuer.sign({ ...github, aud: { a: audience } }))).toEqual(others);
    });

    test('where it is none', async () => {
      for (const text of ['x', 'a.b.c', 'e30.e30.', '..', tokens.world.keys.shop])
        expect((await tokens.saidOf(text)).slice(0, 2)).toEqual([401, 'SERVICE_TOKEN_REFUSED']);
      expect((await tokens.saidOf('x'.repeat(20_000)))[0]).toBe(422);
      expect((await tokens.saidOf(`a.${'b'.repeat(40_000)}.c`)).slice(0, 2)).toEqual([400, 'SERVICE_BODY']);
    });

    test('where nobody signed it, or everybody could have', async () => {
      const unsigned = new UnsecuredJWT({ iss: issuer.url, ...github }).setIssuedAt().setExpirationTime('5m').encode();
      expect(await tokens.saidOf(unsigned)).toEqual([
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
      expect((await tokens.saidOf(await withSecret({})))[2]).toMatch(/^The token is signed by HS256/);
      const [, payload, signature] = (await withSecret({})).split('.');
      const claimed = Buffer.from(JSON.stringify({ alg: 'RS256', kid })).toString('base64url');
      expect(await tokens.saidOf(`${claimed}.${payload}.${signature}`)).toEqual(vouches);
    });

    test('where another key signed it, also one that it brings along', async () => {
      const other = await tokens.startIssuer();
      const forged = { ...github, iss: issuer.url };
      const kid = String(issuer.keys[0]?.kid);
      expect(await tokens.saidOf(await other.sign(forged))).toEqual(vouches);
      expect(await tokens.saidOf(await other.sign(forged, { kid }))).toEqual(vouches);
      const [jwk] = other.keys;
      if (jwk === undefined) throw new Error('no key');
      expect(await tokens.saidOf(await other.sign(forged, { jwk, jku: `${other.url}/jwks` }))).toEqual(vouches);
      const [header, payload, signature = ''] = (await issuer.sign(github)).split('.');
      const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
      expect(await tokens.saidOf(`${header}.${payload}.${flipped}`)).toEqual(vouches);
    });

    test('where its issuer is not registered, in the words for a signature that is wrong', async () => {
      const other = await tokens.startIssuer();
      expect(await tokens.saidOf(await other.sign(github))).toEqual(vouches);
      expect(await tokens.saidOf(await issuer.sign({ ...github, iss: `${issuer.url}/` }))).toEqual(vouches);
      expect(other.asked).toBe(0); // nobody makes us ask a place of theirs
    });

    test('where no rule takes it, in the same words whatever team is named', async () => {
      const token = await issuer.sign({ ...github, ref: 'refs/heads/evil' });
      const said = await tokens.saidOf(token);
      expect(said).toEqual([401, 'SERVICE_TOKEN_REFUSED', expect.stringMatching(/^No rule takes the claims/)]);
      const good = await issuer.sign(github);
      for (const team of ['bank', 'nobody'])
        expect([await tokens.saidOf(token, team), await tokens.saidOf(good, team)]).toEqual([said, said]);
      expect((await tokens.exchange(good, 'shop')).status).toBe(201);
    });

    test('with the reason in the log, without the token', async () => {
      tokens.logged.length = 0;
      const other = await tokens.startIssuer();
      const token = await other.sign(github);
      await tokens.exchange(token);
      expect(tokens.logged.join('')).toMatch(/the issuer \S+ is not registered/);
      expect(tokens.logged.join('')).not.toContain(token.split('.')[2]);
    });
  });

  test('whose issuer cannot be asked is neither taken nor called wrong', async () => {
    const from = await tokens.startIssuer();
    const id = await tokens.register(from, 'silent');
    await tokens.addRule(id, {});
    await from.rotate();
    const again = await serveApi(tokens.parts);
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

  test('takes the first rule that fits', async () => {
    const from = await tokens.startIssuer();
    const id = await tokens.register(from, 'ordered');
    await tokens.addRule(id, { name: 'first', role: 'viewer' });
    await tokens.addRule(id, { name: 'second', role: 'approver' });
    expect((await tokens.exchange(await from.sign(github))).body).toMatchObject({ rule: 'first', role: 'viewer' });
  });

  test.each(['rule', 'issuer'])('became a key that ends with its %s', async what => {
    const from = await tokens.startIssuer();
    const id = await tokens.register(from, `ends-${what}`);
    const rule = await tokens.addRule(id, {});
    const key = String((await tokens.exchange(await from.sign(github))).body['key']);
    expect((await tokens.as(key)('GET', '/me')).status).toBe(200);
    const path = what === 'rule' ? `/issuers/${id}/rules/${rule}` : `/issuers/${id}`;
    expect((await tokens.asAdmin('DELETE', path)).status).toBe(204);
    expect((await tokens.as(key)('GET', '/me')).status).toBe(401);
    expect((await tokens.exchange(await from.sign(github))).status).toBe(401);
  });

  test('became a key that is revoked like any other, and is gone a day after its end', async () => {
    const { body } = await tokens.exchange(await issuer.sign(github));
    const key = String(body['key']);
    const { body: me } = await tokens.asAdmin('GET', '/keys');
    const listed = (me['items'] as { id: string; publicId: string }[]).find(({ publicId }) => key.includes(publicId));
    expect(listed).toMatchObject({ name: 'shared/main', role: 'scanner' });
    const id = String(listed?.id);
    expect((await tokens.asAdmin('DELETE', `/keys/${id}`)).status).toBe(204);
    expect((await tokens.as(key)('GET', '/me')).status).toBe(401);
    const age = async (hours: number) => {
      const end = new Date(Date.now() - hours * 3_600_000);
      await tokens.parts.store.asPlatform(async transaction => {
        await transaction.updateTable('api_key').set({ expires_at: end }).where('id', '=', id).execute();
        await endExpired(transaction);
      });
      const { body: keys } = await tokens.asAdmin('GET', '/keys');
      return JSON.stringify(keys).includes(id);
    };
    expect([await age(23), await age(25)]).toEqual([true, false]);
  });
});
