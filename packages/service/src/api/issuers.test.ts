// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { TestIssuer } from '../testing/test-issuer.ts';
import { audience, github, idOf, mainOfApp, ruleOf, TokenWorld } from '../testing/token-world.ts';

let tokens: TokenWorld;
let issuer: TestIssuer;

beforeAll(async () => {
  tokens = await TokenWorld.open(undefined);
  issuer = await tokens.startIssuer();
  await tokens.addRule(await tokens.register(issuer, 'shared'), {});
});
afterAll(async () => {
  await tokens[Symbol.asyncDispose]();
});

describe('an issuer', () => {
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
  test.each(refused)('%s is refused', async (_, change, said) => {
    const { status, body } = await tokens.asAdmin('POST', '/issuers', {
      name: 'new',
      url: issuer.url,
      audience,
      ...change,
    });
    expect([status, body['code']]).toEqual(said);
  });

  test('has a name of its own, and there are no more than twenty', async () => {
    const body = { name: 'shared', url: issuer.url, audience };
    expect((await tokens.asAdmin('POST', '/issuers', body)).body['code']).toBe('SERVICE_CONFLICT');
    const given = { url: 'https://ci.example', audience, keys: { keys: issuer.keys } };
    const made = [];
    for (let n = 0; n < 21; n += 1) made.push(await tokens.asBank('POST', '/issuers', { ...given, name: `n${n}` }));
    expect(made.map(({ status }) => status)).toEqual([...Array.from({ length: 20 }, () => 201), 409]);
    for (const each of made) await tokens.asBank('DELETE', `/issuers/${String(each.body['id'])}`);
  });

  test('is asked on request whether it can be used', async () => {
    const from = await tokens.startIssuer();
    const id = await tokens.register(from, 'checked');
    expect((await tokens.asAdmin('POST', `/issuers/${id}/check`)).body).toEqual({ keys: 1 });
    from.answering = 'garbage';
    const { status, body } = await tokens.asAdmin('POST', `/issuers/${id}/check`);
    expect([status, body['code'], body['detail']]).toEqual([422, 'ISSUER_UNUSABLE', expect.stringMatching(/not JSON/)]);
  });
});

test.each([
  ['that anybody has', { claims: { ref: 'refs/heads/main' } }, [422, 'INPUT_INVALID']],
  ['of no claims', { claims: {} }, [422, 'REQUEST_INVALID']],
  ['for an administrator', { role: 'admin' }, [422, 'REQUEST_INVALID']],
  ['for keys that last a week', { minutes: 10_080 }, [422, 'REQUEST_INVALID']],
  ['for another team', { team: 'bank' }, [422, 'REQUEST_INVALID']],
])('a rule %s is refused', async (_, change, said) => {
  const url = 'https://token.actions.githubusercontent.com';
  const id = await idOf(
    tokens.asBank('POST', '/issuers', { name: 'github', url, audience, keys: { keys: issuer.keys } }),
  );
  const answer = await tokens.asBank('POST', `/issuers/${id}/rules`, ruleOf(change));
  await tokens.asBank('DELETE', `/issuers/${id}`);
  expect([answer.status, answer.body['code']]).toEqual(said);
});

test('a token for which several teams have rules names its team', async () => {
  const from = await tokens.startIssuer();
  const id = await idOf(tokens.asOperator('POST', '/platform/issuers', { name: 'of-all', url: from.url, audience }));
  await idOf(tokens.asOperator('POST', `/platform/issuers/${id}/rules`, ruleOf({ team: 'shop' })));
  await idOf(tokens.asBank('POST', `/issuers/${id}/rules`, ruleOf({ role: 'viewer' })));
  const token = await from.sign(github);
  expect(await tokens.saidOf(token)).toEqual([
    422,
    'INPUT_INVALID',
    'team: the token is let into several, name one of shop, bank',
  ]);
  expect((await tokens.exchange(token, 'bank')).body).toMatchObject({ team: 'bank', role: 'viewer' });
  expect((await tokens.exchange(token, 'shop')).body).toMatchObject({ team: 'shop', role: 'scanner' });
  const { body } = await tokens.asAdmin('GET', `/issuers/${id}/rules`);
  expect((body['items'] as { team: string }[]).map(({ team }) => team)).toEqual(['shop']);
  const [ofShop] = body['items'] as { id: string }[];
  expect((await tokens.asBank('DELETE', `/issuers/${id}/rules/${ofShop?.id}`)).status).toBe(404);
  expect((await tokens.asBank('DELETE', `/issuers/${id}`)).status).toBe(404);
  expect((await tokens.asOperator('DELETE', `/platform/issuers/${id}/rules/${ofShop?.id}`)).status).toBe(204);
});

test('a token that a team vouches for with keys of its own opens no other team', async () => {
  const forger = await tokens.startIssuer();
  const fake = { name: 'fake', url: issuer.url, audience, keys: { keys: forger.keys } };
  const made = await tokens.asBank('POST', '/issuers', fake);
  expect(made.body).toMatchObject({ keys: 'given', owner: 'team' });
  const rules = `/issuers/${String(made.body['id'])}/rules`;
  await tokens.asBank('POST', rules, { name: 'all', claims: mainOfApp, role: 'approver' });
  const forged = await forger.sign({ ...github, iss: issuer.url });
  expect((await tokens.exchange(forged)).body).toMatchObject({ team: 'bank' });
  expect((await tokens.exchange(forged, 'shop')).status).toBe(401);
  expect((await tokens.exchange(await issuer.sign(github))).body).toMatchObject({ team: 'shop' });
  // The same subject of two issuers is two.
  const { rows } = await sql<{ n: number }>`
    select count(distinct principal_id)::int as n from principal_identity where subject = ${github.sub}
      and source in (select 'issuer:' || id from issuer where url = ${issuer.url})`.execute(
    tokens.parts.database.kysely,
  );
  expect(rows).toEqual([{ n: 2 }]);
  await tokens.asBank('DELETE', `/issuers/${String(made.body['id'])}`);
});
