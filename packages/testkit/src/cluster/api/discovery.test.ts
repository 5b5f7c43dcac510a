// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startCluster } from '../../start-cluster.ts';
import type { EmbeddedCluster } from '../cluster.ts';
import { at, type Json, type JsonObject, listAt, textAt } from '../objects/json.ts';
import { Client } from '../testing/client.ts';
import { entryNamed, recordings } from '../testing/recordings.ts';

let cluster: EmbeddedCluster;
let client: Client;

beforeAll(async () => {
  cluster = await startCluster({ images: [] });
  client = new Client(cluster);
});

afterAll(() => cluster.close());

async function both(name: string): Promise<{ answered: Json; recorded: Json | undefined }> {
  const entry = entryNamed(await recordings('discovery'), name);
  const accept = textAt(entry, 'request', 'accept');
  const reply = await client.ask({ path: textAt(entry, 'request', 'path'), headers: accept === '' ? {} : { accept } });
  expect(reply.status).toBe(at(entry, 'response', 'status'));
  expect(reply.headers['content-type']).toBe(at(entry, 'response', 'contentType'));
  return { answered: reply.body, recorded: at(entry, 'response', 'body') };
}

/** What is served is a part of what Kubernetes serves, described in the same way. */
function described(entries: Json[], key: string): Map<string, Json> {
  return new Map(entries.map(entry => [textAt(entry, key), entry]));
}

describe('discovery', () => {
  test.each(['/readyz', '/livez', '/healthz', '/apis/nothere.example.com/v1', '/nothere', '/apis'])(
    'answers %s as recorded',
    async name => {
      const { answered, recorded } = await both(name);
      expect(answered).toEqual(recorded);
    },
  );

  test('tells its version and where it is', async () => {
    const { answered } = await both('/version');
    expect(answered).toMatchObject({ major: '1', minor: '36', gitVersion: 'v1.36.2' });
    expect((await both('/api')).answered).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  });

  test.each([
    '/api/v1',
    '/apis/apps/v1',
    '/apis/rbac.authorization.k8s.io/v1',
    '/apis/authorization.k8s.io/v1',
    '/apis/authentication.k8s.io/v1',
  ])('describes the resources of %s as recorded', async name => {
    const { answered, recorded } = await both(name);
    const known = described(listAt(recorded, 'resources'), 'name');
    const served = listAt(answered, 'resources');
    expect(served.length).toBeGreaterThan(0);
    for (const resource of served) {
      const expected = known.get(textAt(resource, 'name'));
      const { verbs, ...rest } = toObject(resource);
      const { verbs: every, storageVersionHash: _hash, ...described2 } = toObject(expected);
      expect(rest).toEqual(described2);
      expect(listAt({ every }, 'every')).toEqual(expect.arrayContaining(listAt({ verbs }, 'verbs')));
    }
  });

  test('tells kubectl everything in two requests', async () => {
    for (const name of ['/api aggregated', '/apis aggregated']) {
      const { answered, recorded } = await both(name);
      const [served, known] = [answered, recorded].map(body =>
        listAt(body, 'items').map(item => textAt(item, 'metadata', 'name')),
      );
      expect(served).toEqual(expect.arrayContaining(known ?? []));
    }
  });

  test('offers nothing that it does not do', async () => {
    for (const path of [
      '/api/v1/namespaces/default/services',
      '/api/v1/namespaces/default/pods/x/log',
      '/openapi/v2',
    ]) {
      const reply = await client.ask({ path });
      expect(reply.status).toBe(404);
      const words = path.startsWith('/api/')
        ? 'the server could not find the requested resource'
        : '404 page not found';
      expect(reply.text).toContain(words);
    }
    expect((await client.ask({ method: 'DELETE', path: '/api/v1/namespaces' })).status).toBe(405);
    expect((await client.ask({ path: '/api/v1/pods', headers: { 'impersonate-user': 'x' } })).status).toBe(501);
    expect((await client.ask({ path: '/api/v1/pods?watch=true&sendInitialEvents=true' })).status).toBe(422);
    const protobuf = 'application/vnd.kubernetes.protobuf';
    expect((await client.ask({ path: '/api/v1/pods', headers: { accept: protobuf } })).status).toBe(406);
    const sent = { method: 'POST', path: '/api/v1/namespaces', body: 'k8s', headers: { 'content-type': protobuf } };
    expect((await client.ask(sent)).status).toBe(415);
  });
});

function toObject(value: Json | undefined): JsonObject {
  expect(value).toBeDefined();
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
