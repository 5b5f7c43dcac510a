// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startCluster } from '../../start-cluster.ts';
import type { EmbeddedCluster } from '../cluster.ts';
import { type Json, textAt } from '../objects/json.ts';
import { Client } from '../testing/client.ts';
import { makeNamespace, makeScanner } from '../testing/shop.ts';

let cluster: EmbeddedCluster;
let client: Client;
let clock = Date.now();

beforeAll(async () => {
  cluster = await startCluster({
    images: [],
    now: () => new Date(clock),
    authenticationCacheSeconds: 10,
    users: [{ token: 'dev-token', name: 'dev', groups: ['developers'] }],
  });
  client = new Client(cluster);
  await makeNamespace(client, 'shop');
});

afterAll(() => cluster.close());

const path = '/api/v1/namespaces/shop/pods';
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];

function statusFor(token: string): Promise<number> {
  return client.ask({ path, token }).then(reply => reply.status);
}

describe('a ServiceAccount token', () => {
  test('is accepted until one minute after its expiry, as recorded, and the cache time', async () => {
    const token = await makeScanner(client, { namespace: 'shop', name: 'short', rules });
    const made = clock;
    const seen: number[] = [];
    for (const seconds of [0, 3600, 3659, 3670]) {
      clock = made + seconds * 1000;
      seen.push(await statusFor(token));
    }
    expect(seen).toEqual([200, 200, 200, 401]);
  });

  test('is powerless at once and dead after the cache time when its account is deleted', async () => {
    const token = await makeScanner(client, { namespace: 'shop', name: 'gone', rules });
    expect(await statusFor(token)).toBe(200);
    await client.ask({
      method: 'DELETE',
      path: '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/gone',
    });
    await client.ask({ method: 'DELETE', path: '/api/v1/namespaces/shop/serviceaccounts/gone' });
    expect(await statusFor(token)).toBe(403);
    clock += 9_900;
    expect(await statusFor(token)).toBe(403);
    clock += 200;
    expect(await statusFor(token)).toBe(401);
  });

  test('dies with the pod that it is bound to', async () => {
    const spec = { containers: [{ name: 'app', image: 'none' }], nodeSelector: { no: 'where' } };
    const pod = await client.create(path, { metadata: { name: 'short-lived' }, spec });
    const bound = {
      boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'short-lived', uid: textAt(pod.body, 'metadata', 'uid') },
    };
    const reply = await client.create('/api/v1/namespaces/shop/serviceaccounts/default/token', { spec: bound });
    const token = textAt(reply.body, 'status', 'token');
    expect(await statusFor(token)).toBe(403);
    await client.ask({ method: 'DELETE', path: `${path}/short-lived` });
    clock += 10_100;
    expect(await statusFor(token)).toBe(401);
  });

  test('cannot be forged', async () => {
    const token = await makeScanner(client, { namespace: 'shop', name: 'real', rules });
    const [head, body, signature] = token.split('.');
    const claims: unknown = JSON.parse(Buffer.from(body ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ sub: 'system:serviceaccount:shop:real', iss: 'https://kubernetes.default.svc' });
    const longer = Buffer.from(JSON.stringify({ ...Object(claims), exp: 9_999_999_999 })).toString('base64url');
    expect(await statusFor(`${head}.${longer}.${signature}`)).toBe(401);
  });
});

describe('other ways in', () => {
  test('are static users, with what is bound to them or their groups', async () => {
    expect(await statusFor('dev-token')).toBe(403);
    const group = 'rbac.authorization.k8s.io';
    await client.create(`/apis/${group}/v1/namespaces/shop/rolebindings`, {
      metadata: { name: 'developers' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'Group', name: 'developers' }],
    });
    expect(await statusFor('dev-token')).toBe(200);
    expect((await client.ask({ path: '/api/v1/namespaces/shop/secrets', token: 'dev-token' })).status).toBe(403);
    expect((await client.ask({ path: '/api/v1/pods', token: 'dev-token' })).status).toBe(403);
  });

  test('are ServiceAccounts that a role binding names without a namespace: its own is meant', async () => {
    const group = 'rbac.authorization.k8s.io';
    await client.create('/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'near' } });
    const made = await client.create(`/apis/${group}/v1/namespaces/shop/rolebindings`, {
      metadata: { name: 'near' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'near' }],
    });
    expect(made.status).toBe(201);
    expect(await statusFor(await client.tokenOf('shop', 'near'))).toBe(200);
  });

  test('name a role that is missing in their refusal', async () => {
    const group = 'rbac.authorization.k8s.io';
    await client.create(`/apis/${group}/v1/namespaces/shop/rolebindings`, {
      metadata: { name: 'dangling' },
      roleRef: { apiGroup: group, kind: 'Role', name: 'nobody-made-this' },
      subjects: [{ kind: 'User', name: 'dev' }],
    });
    const reply = await client.ask({ path: '/api/v1/namespaces/shop/secrets', token: 'dev-token' });
    expect(textAt(reply.body, 'message')).toContain(
      ': RBAC: role.rbac.authorization.k8s.io "nobody-made-this" not found',
    );
  });
});

describe('nobody grants what they do not hold', () => {
  test('by giving a role a verb, a resource or a path of its own choice', async () => {
    const group = 'rbac.authorization.k8s.io';
    const manage = [
      { apiGroups: [group], resources: ['roles', 'rolebindings'], verbs: ['create', 'update', 'patch', 'get'] },
    ];
    const own = [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'], resourceNames: ['bb'] }];
    const token = await makeScanner(client, { namespace: 'shop', name: 'granter', rules: [...manage, ...own] });
    const make = (name: string, wanted: Json) =>
      client
        .create(`/apis/${group}/v1/namespaces/shop/roles`, { metadata: { name }, rules: wanted }, token)
        .then(reply => reply.status);
    expect(await make('same', own)).toBe(201);
    expect(await make('other-name', [{ ...own[0], resourceNames: ['dl'] }])).toBe(403);
    expect(await make('every-name', [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] }])).toBe(403);
    expect(await make('wild', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }])).toBe(403);
    const widened = await client.ask({
      method: 'PATCH',
      path: `/apis/${group}/v1/namespaces/shop/roles/same`,
      token,
      body: { rules: [{ ...own[0], verbs: ['get', 'create', 'delete'] }] },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(widened.status).toBe(403);
  });
});
