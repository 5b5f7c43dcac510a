// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { createTeamKey, revokeKey } from '../store/keys.ts';
import { serveApi } from '../testing/api-server.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { askFor, makeWorld, submit, type World } from '../testing/world.ts';

let parts: TestStore;
let world: World;
beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
});
afterAll(async () => {
  await parts[Symbol.asyncDispose]();
});

const makeKey = () =>
  parts.store.asTeam(world.shop.team, transaction =>
    createTeamKey(transaction, { name: 'x', role: 'viewer', expiresAt: new Date(Date.now() + 600_000) }, world.shop),
  );

test.each([['is revoked'], ['expires']])('the events of a scan end when the key that follows them %s', async how => {
  await using served = await serveApi(parts);
  const { id } = await submit(parts, world.shop, askFor(`pod/${how.replace(' ', '-')}`));
  const key = await makeKey();
  const answer = await fetch(`${served.url}/api/v1/scans/${id}/events`, {
    headers: { authorization: `Bearer ${key.text.reveal()}` },
  });
  expect(answer.status).toBe(200);
  if (how === 'is revoked')
    await parts.store.asTeam(world.shop.team, transaction => revokeKey(transaction, key.id, world.shop));
  else
    await sql`update api_key set expires_at = now() - interval '1 second' where id = ${key.id}`.execute(
      parts.database.kysely,
    );
  const text = await answer.text(); // it ends, though the scan waits
  expect(text).toContain('event: progress');
  expect(text).not.toContain('event: end');
});

test.each([
  ['/api/v1/token', { token: 'a.b.c' }],
  ['/auth/sign-in', { key: `cs_${'a'.repeat(8)}_${'a'.repeat(32)}` }],
])('%s takes no more of whoever failed too often, and says for how long', async (path, body) => {
  await using served = await serveApi(parts, { mostFailures: 3 });
  await sql`delete from failed_sign_in`.execute(parts.database.kysely);
  // Counts begin anew with each minute: the next one may begin meanwhile.
  const statuses: number[] = [];
  let retryAfter: string | null = null;
  while (retryAfter === null && statuses.length < 20) {
    const answer = await fetch(`${served.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify(body),
    });
    statuses.push(answer.status);
    retryAfter = answer.headers.get('retry-after');
  }
  expect([statuses.slice(-1), statuses.slice(0, 3), retryAfter]).toEqual([[429], [401, 401, 401], '60']);
  const fine = await fetch(`${served.url}/api/v1/me`, { headers: { authorization: `Bearer ${world.keys.shop}` } });
  expect(fine.status).toBe(200); // a valid key is not kept waiting
});
