// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startCluster } from '../../start-cluster.ts';
import type { EmbeddedCluster } from '../cluster.ts';
import { at, type Json, listAt, numberAt, textAt } from '../objects/json.ts';
import { Client } from '../testing/client.ts';
import { busybox, makeNamespace } from '../testing/shop.ts';

let cluster: EmbeddedCluster;
let client: Client;

beforeAll(async () => {
  cluster = await startCluster({ images: [busybox] });
  client = new Client(cluster);
  await makeNamespace(client, 'shop');
});

afterAll(() => cluster.close());

function workload(name: string, more: Record<string, Json> = {}): Json {
  const labels = { app: name };
  const containers = [{ name: 'app', image: busybox }];
  const template = { metadata: { labels }, spec: { containers, terminationGracePeriodSeconds: 0 } };
  return { metadata: { name }, spec: { selector: { matchLabels: labels }, template, ...more } };
}

const apps = '/apis/apps/v1/namespaces/shop';

async function pods(app: string): Promise<Json[]> {
  return listAt((await client.ask({ path: `/api/v1/namespaces/shop/pods?labelSelector=app%3D${app}` })).body, 'items');
}

const names = (objects: Json[]): string[] => objects.map(object => textAt(object, 'metadata', 'name'));

function ready(path: string, wanted: number, field = 'readyReplicas'): Promise<Json> {
  const [resource, name = ''] = path.split('/');
  return client.until(`${apps}/${resource}`, name, object => (numberAt(object, 'status', field) ?? 0) === wanted);
}

describe('a deployment', () => {
  test('has a replica set and pods named, labelled and owned as recorded', async () => {
    await client.create(`${apps}/deployments`, workload('web', { replicas: 2 }));
    const deployment = await ready('deployments/web', 2);
    const [set] = listAt((await client.ask({ path: `${apps}/replicasets?labelSelector=app%3Dweb` })).body, 'items');
    const hash = textAt(set, 'metadata', 'labels', 'pod-template-hash');
    expect(textAt(set, 'metadata', 'name')).toBe(`web-${hash}`);
    expect(listAt(set, 'metadata', 'ownerReferences')).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'web',
        uid: textAt(deployment, 'metadata', 'uid'),
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    const [pod] = await pods('web');
    expect(textAt(pod, 'metadata', 'name')).toMatch(new RegExp(`^web-${hash}-[a-z0-9]{5}$`));
    expect(at(pod, 'metadata', 'labels')).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(textAt(listAt(pod, 'metadata', 'ownerReferences')[0], 'uid')).toBe(textAt(set, 'metadata', 'uid'));
  });

  test('replaces a pod that was deleted', async () => {
    const before = names(await pods('web'));
    const watching = ready('deployments/web', 1).then(() => ready('deployments/web', 2));
    await client.ask({ method: 'DELETE', path: `/api/v1/namespaces/shop/pods/${before[0]}` });
    await watching;
    const after = names(await pods('web'));
    expect(after).toHaveLength(2);
    expect(after).not.toContain(before[0]);
  });

  test('follows its number of replicas, and takes everything with it when it goes', async () => {
    const scale = {
      method: 'PATCH',
      path: `${apps}/deployments/web`,
      headers: { 'content-type': 'application/merge-patch+json' },
    };
    await client.ask({ ...scale, body: { spec: { replicas: 1 } } });
    await ready('deployments/web', 1);
    await client.ask({ method: 'DELETE', path: `${apps}/deployments/web` });
    await until(async () => (await pods('web')).length === 0);
    expect(names(listAt((await client.ask({ path: `${apps}/replicasets` })).body, 'items'))).toEqual([]);
  });
});

describe('what a workload may make', () => {
  test('is bounded by Pod Security and by what is done here', async () => {
    await makeNamespace(client, 'strict', { 'pod-security.kubernetes.io/enforce': 'restricted' });
    const path = '/apis/apps/v1/namespaces/strict/deployments';
    await client.create(path, workload('loose'));
    await client.until(path, 'loose', object => numberAt(object, 'status', 'observedGeneration') === 1);
    expect(listAt((await client.ask({ path: '/api/v1/namespaces/strict/pods' })).body, 'items')).toEqual([]);
    const template = {
      metadata: { labels: { app: 'host' } },
      spec: { containers: [{ name: 'a', image: busybox }], volumes: [{ name: 'h', hostPath: { path: '/' } }] },
    };
    expect((await client.create(`${apps}/deployments`, workload('host', { template }))).status).toBe(501);
  });

  test('is deleted together by a selector', async () => {
    const path = '/api/v1/namespaces/shop/configmaps';
    for (const name of ['c1', 'c2']) await client.create(path, { metadata: { name, labels: { batch: 'c' } } });
    const reply = await client.ask({ method: 'DELETE', path: `${path}?labelSelector=batch%3Dc` });
    expect(names(listAt(reply.body, 'items'))).toEqual(['c1', 'c2']);
    expect(listAt((await client.ask({ path: `${path}?labelSelector=batch%3Dc` })).body, 'items')).toEqual([]);
  });
});

/** Asks again until it is so; each question is a round trip, so nothing is slept through. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}

describe('other workloads', () => {
  test('a stateful set numbers its pods and starts them in order', async () => {
    await client.create(`${apps}/statefulsets`, workload('db', { replicas: 2, serviceName: 'db' }));
    await ready('statefulsets/db', 2);
    expect(names(await pods('db'))).toEqual(['db-0', 'db-1']);
  });

  test('a daemon set has one pod on the one node', async () => {
    await client.create(`${apps}/daemonsets`, workload('agent'));
    await ready('daemonsets/agent', 1, 'numberReady');
    expect(names(await pods('agent'))).toEqual([expect.stringMatching(/^agent-[a-z0-9]{5}$/)]);
  });

  test('a job runs its pod to the end', async () => {
    const spec = { containers: [{ name: 'app', image: busybox, command: ['true'] }], restartPolicy: 'Never' };
    const job = { metadata: { name: 'once' }, spec: { template: { metadata: { labels: { app: 'once' } }, spec } } };
    await client.create('/apis/batch/v1/namespaces/shop/jobs', job);
    const done = await client.until(
      '/apis/batch/v1/namespaces/shop/jobs',
      'once',
      one => numberAt(one, 'status', 'succeeded') === 1,
    );
    expect(listAt(done, 'status', 'conditions')).toEqual([{ type: 'Complete', status: 'True' }]);
    const [pod, ...others] = await pods('once');
    expect(others).toEqual([]);
    // The server writes the selector, from what only it knows.
    const uid = textAt(done, 'metadata', 'uid');
    expect(at(done, 'spec', 'selector')).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
    expect(at(pod, 'metadata', 'labels')).toEqual({
      app: 'once',
      'controller-uid': uid,
      'job-name': 'once',
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': 'once',
    });
  });

  test('a cron job is kept only if it is suspended, because no schedule is followed', async () => {
    const jobTemplate = { spec: { template: { spec: { containers: [{ name: 'app', image: busybox }] } } } };
    const cron = (suspend: boolean): Json => ({
      metadata: { name: 'nightly' },
      spec: { schedule: '0 3 * * *', suspend, jobTemplate },
    });
    const path = '/apis/batch/v1/namespaces/shop/cronjobs';
    expect((await client.create(path, cron(false))).status).toBe(501);
    expect((await client.create(path, cron(true))).status).toBe(201);
  });
});

describe('garbage collection', () => {
  const own = (uid: string) => ({
    ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name: 'owner', uid }],
  });
  const role = (namespace: string) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`;

  test('takes what is owned when its owner goes, and at once what has an owner elsewhere', async () => {
    await makeNamespace(client, 'other');
    const owner = await client.create('/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'owner' } });
    const uid = textAt(owner.body, 'metadata', 'uid');
    await client.create(role('shop'), { metadata: { name: 'owned', ...own(uid) }, rules: [] });
    await client.create(role('other'), { metadata: { name: 'owned', ...own(uid) }, rules: [] });
    await until(async () => (await client.ask({ path: `${role('other')}/owned` })).status === 404);
    expect((await client.ask({ path: `${role('shop')}/owned` })).status).toBe(200);
    await client.ask({ method: 'DELETE', path: '/api/v1/namespaces/shop/serviceaccounts/owner' });
    await until(async () => (await client.ask({ path: `${role('shop')}/owned` })).status === 404);
  });

  test('empties a namespace before it goes', async () => {
    await client.create('/api/v1/namespaces/other/configmaps', { metadata: { name: 'left' } });
    const reply = await client.ask({ method: 'DELETE', path: '/api/v1/namespaces/other' });
    expect(textAt(reply.body, 'status', 'phase')).toBe('Terminating');
    await until(async () => (await client.ask({ path: '/api/v1/namespaces/other' })).status === 404);
    expect(listAt((await client.ask({ path: '/api/v1/namespaces/other/configmaps' })).body, 'items')).toEqual([]);
  });
});
