// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startCluster } from '../../start-cluster.ts';
import type { EmbeddedCluster } from '../cluster.ts';
import { type Json, listAt, objectAt, textAt } from '../objects/json.ts';
import { Client } from '../testing/client.ts';
import { recordings } from '../testing/recordings.ts';
import { type Recorded, Replay, toRecorded } from '../testing/replay.ts';

const image = 'cinc-scan.test/busybox:1';
const ownKinds = new Set(['Pod', 'PodList']);

let cluster: EmbeddedCluster;
let client: Client;

async function prepare(): Promise<void> {
  await client.create('/api/v1/namespaces', { metadata: { name: 'shop' } });
  await client.until('/api/v1/namespaces/shop/serviceaccounts', 'default', () => true);
  await client.create('/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'op' } });
  const rules = [
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: ['create', 'get'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
  ];
  const group = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop';
  await client.create(`${group}/roles`, { metadata: { name: 'op' }, rules });
  await client.create(`${group}/rolebindings`, {
    metadata: { name: 'op' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'op' },
    subjects: [{ kind: 'ServiceAccount', name: 'op', namespace: 'shop' }],
  });
  for (const name of ['bb', 'dl', 'deb']) {
    const spec = { containers: [{ name: 'app', image }], terminationGracePeriodSeconds: 1 };
    await client.create('/api/v1/namespaces/shop/pods', { metadata: { name, labels: { app: name } }, spec });
  }
}

beforeAll(async () => {
  cluster = await startCluster({ images: [image], authenticationCacheSeconds: 0 });
  client = new Client(cluster);
  await prepare();
});

afterAll(() => cluster.close());

/** Whole answers are compared, but for pods, which run other images here. */
function shown(replay: Replay, body: Json | undefined): Json {
  const kind = textAt(body, 'kind');
  if (ownKinds.has(kind)) return { kind, name: textAt(body, 'metadata', 'name') };
  return kind === 'SelfSubjectRulesReview' ? replay.comparable(servedRules(body)) : replay.comparable(body);
}

/** Every cluster has roles for the issuer's paths; the embedded one does not serve these paths. */
function servedRules(body: Json | undefined): Json {
  const status = objectAt(body, 'status');
  const served = listAt(status, 'nonResourceRules').filter(rule => !JSON.stringify(rule).includes('/.well-known'));
  return { ...objectAt(body), status: { ...status, nonResourceRules: served } };
}

const tokens: Record<string, string> = { admin: '', anonymous: '' };

async function tokenFor(recorded: Recorded): Promise<string> {
  if (recorded.as === 'admin') return cluster.adminToken;
  if (recorded.as === 'anonymous') return '';
  if (recorded.as.startsWith('operator')) return client.tokenOf('shop', 'op');
  if (recorded.name.startsWith('garbage')) return 'garbage';
  if (recorded.name.startsWith('token for another audience')) return tokens['another'] ?? '';
  return tokens['scanner'] ?? '';
}

describe('identity, as recorded on a real cluster', () => {
  test('gives the recorded answer to every recorded request', async () => {
    const replay = new Replay();
    const differences: Json[] = [];
    const entries = (await recordings('identity')).filter(entry => 'request' in entry).map(toRecorded);
    for (const recorded of entries) {
      const reply = await client.ask({
        method: recorded.method,
        path: recorded.path,
        token: await tokenFor(recorded),
        body: recorded.body === undefined ? undefined : replay.translate(recorded.body),
        headers: recorded.body === undefined ? {} : { 'content-type': recorded.contentType },
      });
      replay.learn(recorded.answer, reply.body);
      const token = textAt(reply.body, 'status', 'token');
      if (token !== '') tokens[recorded.name === 'token: another audience' ? 'another' : 'scanner'] = token;
      const answered = { name: recorded.name, status: reply.status, body: shown(replay, reply.body) };
      const expected = { name: recorded.name, status: recorded.status, body: shown(replay, recorded.answer) };
      if (JSON.stringify(sorted(answered)) !== JSON.stringify(sorted(expected)))
        differences.push({ answered, expected });
    }
    expect(differences).toEqual([]);
    expect(entries.length).toBeGreaterThan(60);
  });
});

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const object = objectAt(value);
  return Object.fromEntries(
    Object.keys(object)
      .toSorted()
      .map(key => [key, sorted(object[key] ?? null)]),
  );
}
