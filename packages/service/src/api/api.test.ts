// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { ApiClient } from '../testing/api-client.ts';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { inspecFiles, makeWorld, type World } from '../testing/world.ts';

let parts: TestStore;
let world: World;
let served: TestApi;
let api: ApiClient;

beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
  served = await serveApi(parts);
  api = served.client;
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});

const ask = { namespace: ['shop'], targets: ['deployment/web'], profile: ['base'] };

test('the description is valid OpenAPI 3.1, and has nothing in it that nobody uses', async () => {
  expect(api.document.openapi).toBe('3.1.0');
  expect(await new Validator().validate(structuredClone(api.document) as never)).toMatchObject({ valid: true });
  const text = JSON.stringify(api.document);
  const unused = Object.keys(api.document.components.schemas).filter(
    name => !text.includes(`#/components/schemas/${name}"`),
  );
  expect(unused).toEqual([]);
});

describe('a request for a scan', () => {
  const refused: [what: string, body: unknown, answer: [status: number, code: string]][] = [
    ['a path for a profile', { ...ask, profile: ['/etc/passwd'] }, [422, 'REQUEST_INVALID']],
    ['a source of git', { ...ask, profile: ['git+file:///srv'] }, [422, 'REQUEST_INVALID']],
    ['a path for a threshold', { ...ask, threshold: './t.yml' }, [422, 'REQUEST_INVALID']],
    ['an unknown key', { ...ask, kubeconfig: '/root/.kube/config' }, [422, 'REQUEST_INVALID']],
    ['a place to push to', { ...ask, push: ['webhook=http://169.254.169.254/'] }, [422, 'REQUEST_INVALID']],
    ['an image for tools', { ...ask, 'lens-image': 'x' }, [422, 'REQUEST_INVALID']],
    ['an input file', { ...ask, 'input-file': ['/etc/passwd'] }, [422, 'REQUEST_INVALID']],
    ['no target', { ...ask, targets: [] }, [422, 'REQUEST_INVALID']],
    ['a target that is none', { ...ask, targets: ['deployment/'] }, [422, 'INPUT_INVALID']],
    ['a time without a unit', { ...ask, timeout: '5' }, [422, 'REQUEST_INVALID']],
    ['a contradiction', { ...ask, container: 'app', 'all-containers': true }, [422, 'USAGE']],
    ['a namespace of another team', { ...ask, namespace: ['vault'] }, [404, 'SERVICE_NOT_FOUND']],
    ['an unknown cluster', { ...ask, cluster: 'west' }, [404, 'SERVICE_NOT_FOUND']],
    ['an unknown profile', { ...ask, profile: ['other'] }, [404, 'SERVICE_NOT_FOUND']],
    ['a list', [], [422, 'REQUEST_INVALID']],
    ['deep nesting', `{"targets":${'['.repeat(5000)}${']'.repeat(5000)}}`, [422, 'REQUEST_INVALID']],
    ['half of JSON', '{"targets":', [400, 'SERVICE_BODY']],
    ['a prototype', '{"__proto__":{"x":1}}', [400, 'SERVICE_BODY']],
    ['nine megabytes', `{"x":"${'x'.repeat(9 * 1_048_576)}"}`, [400, 'SERVICE_BODY']],
  ];
  test.each(refused)('with %s is refused', async (_, body, expected) => {
    const answer = await api.call('POST', '/scans', { key: world.keys.shop, body });
    expect([answer.status, answer.body['code']]).toEqual(expected);
    expect(answer.body['remedy']).not.toBe('');
  });

  test('with another type of content is refused', async () => {
    const answer = await api.call('POST', '/scans', {
      key: world.keys.shop,
      body: 'a: b',
      headers: { 'content-type': 'application/yaml' },
    });
    expect([answer.status, answer.body['code']]).toEqual([400, 'SERVICE_BODY']);
  });

  test('is taken in its short form', async () => {
    const body = {
      target: { namespace: 'till', pod: 'web-0', container: 'app' },
      scan: { profile: 'base@1.0.0', threshold: 'half' },
      options: { timeout: '5m' },
    };
    const answer = await api.call('POST', '/scans', { key: world.keys.shop, body });
    expect(answer).toMatchObject({ status: 202, body: { kind: 'new' } });
    const { body: scan } = await api.call('GET', `/scans/${String(answer.body['id'])}`, { key: world.keys.shop });
    expect(scan).toMatchObject({
      state: 'queued',
      verdict: null,
      ask: { targets: ['pod/web-0'], container: 'app', timeout: '5m' },
      pins: {
        cluster: 'east',
        profiles: [{ slug: 'base', version: '1.0.0' }],
        threshold: { slug: 'half', version: 1 },
      },
    });
  });

  test('is taken once under one idempotency key', async () => {
    const headers = { 'idempotency-key': 'run-1' };
    const body = { ...ask, targets: ['pod/once'] };
    const first = await api.call('POST', '/scans', { key: world.keys.shop, body, headers });
    const again = await api.call('POST', '/scans', { key: world.keys.shop, body, headers });
    expect([first.status, again.status, again.body['kind'], again.body['id']]).toEqual([
      202,
      200,
      'same',
      first.body['id'],
    ]);
    const other = await api.call('POST', '/scans', { key: world.keys.shop, body: ask, headers });
    expect([other.status, other.body['code']]).toEqual([409, 'SERVICE_CONFLICT']);
  });

  test('finds no profile that is not approved', async () => {
    const files = [...inspecFiles('later')];
    const made = await api.call('POST', '/profiles', {
      key: world.keys.shop,
      body: { name: 'later', version: '2.0.0', files },
    });
    expect(made).toMatchObject({ status: 201, body: { state: 'pending' } });
    const body = { ...ask, profile: ['later'] };
    expect(await api.call('POST', '/scans', { key: world.keys.shop, body })).toMatchObject({
      status: 422,
      body: { code: 'PROFILE_UNAPPROVED' },
    });
    await api.call('POST', '/profiles/later/2.0.0/approve', { key: world.keys.shop });
    expect((await api.call('POST', '/scans', { key: world.keys.shop, body })).status).toBe(202);
    await api.call('POST', '/profiles/later/2.0.0/withdraw', { key: world.keys.shop });
    expect(
      (await api.call('POST', '/scans', { key: world.keys.shop, body: { ...body, targets: ['pod/new'] } })).status,
    ).toBe(422);
  });
});

test('lists go on where the page before ended, without a scan twice or left out', async () => {
  for (let n = 0; n < 7; n += 1)
    await api.call('POST', '/scans', { key: world.keys.bank, body: { ...ask, targets: [`pod/page-${n}`] } });
  const seen: string[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const query = after === '' ? '' : `&after=${after}`;
    const { body } = await api.call('GET', `/scans?limit=3${query}`, { key: world.keys.bank });
    seen.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
    after = body['next'] as string | null;
  }
  expect(seen).toEqual([...new Set(seen)].toSorted().toReversed());
  expect(seen).toHaveLength(7);
});
