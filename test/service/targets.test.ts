// SPDX-License-Identifier: Apache-2.0
// What may be scanned, as real clusters tell the service as it is shipped.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, podBody, testImage, until } from '@cinc-scan/testkit';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeAccount } from '../support/accounts.ts';
import { openTestCluster } from '../support/cluster.ts';
import { openShop } from './shop.ts';
import { Client, type RunningProcess, type RunningService, startProcess, startService } from './support.ts';

const cluster = await openTestCluster();
let [own, others] = ['', ''];
let service: RunningService;
let runner: RunningProcess;
let shop: Client;
let operator: Client;

interface Target {
  cluster: string;
  namespace: string;
  kind: string;
  name: string;
  targets: string[];
  pods: number;
  lens: string;
  containers: { name: string; images: string[]; digests: string[]; isUsual: boolean }[];
  problems: { code: string; message: string; remedy: string }[];
}
interface Page {
  items: Target[];
  unasked: { cluster: string; namespace: string | null; error: { code: string } }[];
  next: string | null;
}

async function makeDeployment(namespace: string, name: string, replicas: number): Promise<void> {
  const labels = { app: name };
  const { spec } = podBody({ name, namespace, containers: { app: 'debian' } });
  await cluster.api.call('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  await until(`deployment ${name}`, async () => {
    const { body } = await cluster.api.send('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
    return body.status?.['readyReplicas'] === replicas;
  });
}

beforeAll(async () => {
  [own, others] = [await cluster.namespace(), await cluster.namespace()];
  await makeDeployment(own, 'web', 2);
  await createPod(cluster.api, { name: 'pair', namespace: own, containers: { one: 'debian', two: 'debian' } });
  await createPod(cluster.api, { name: 'secret', namespace: others, containers: { app: 'debian' } });
  const missing = podBody({ name: 'stuck', namespace: own, containers: { app: 'no-such-image' } });
  await cluster.api.call('POST', `/api/v1/namespaces/${own}/pods`, missing);
  service = await startService(cluster, 'data');
  shop = await openShop(service, own);
  operator = new Client(service.url, service.key ?? '');
  const credentials = join(cluster.folder, 'data/credentials');
  const far = join(cluster.folder, 'far');
  mkdirSync(far, { mode: 0o700 });
  copyFileSync(cluster.kubeconfigPath, join(far, 'far'));
  writeFileSync(
    join(credentials, 'dead'),
    cluster.kubeconfig.replaceAll(/server: .*$/gm, 'server: https://127.0.0.1:1'),
    { mode: 0o600 },
  );
  const reader = await makeAccount(cluster, own, [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }]);
  copyFileSync(reader.kubeconfigPath, join(credentials, 'reader'));
  for (const [name, region] of [['dead'], ['reader'], ['far', 'far']] as const) {
    await operator.call('POST', '/clusters', { name, credential: name, ...(region && { region }) });
    await operator.call('PUT', `/clusters/${name}/teams/shop`, { namespaces: [own] });
  }
  const { key } = await operator.call<{ key: string }>('POST', '/platform/keys', {
    name: 'far',
    role: 'runner',
    regions: ['far'],
    days: 1,
  });
  runner = await startProcess(cluster, ['runner', '--server', service.url, '--credentials', far], {
    data: 'data',
    env: { CINC_SCAN_RUNNER_KEY: key },
  });
});
afterAll(async () => {
  await runner.stop();
  await service.stop();
  await cluster.expectNothingLeft();
  await cluster.close();
});

const list = (query: string) => shop.call<Page>('GET', `/targets${query}`);

test('are the workloads with their containers and digests, and what keeps a scan from some of them', async () => {
  const { items, unasked, next } = await list('?cluster=east');
  expect([items.map(({ kind, name }) => `${kind}/${name}`), unasked, next]).toEqual([
    ['Deployment/web', 'Pod/pair', 'Pod/stuck'],
    [],
    null,
  ]);
  const [web, pair, stuck] = items;
  expect(web).toMatchObject({ cluster: 'east', namespace: own, targets: ['deployment/web'], pods: 2, problems: [] });
  expect(web?.containers).toEqual([
    {
      name: 'app',
      images: [testImage('debian')],
      digests: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)],
      isUsual: true,
    },
  ]);
  expect(pair?.containers.map(({ name, isUsual }) => [name, isUsual])).toEqual([
    ['one', false],
    ['two', false],
  ]);
  expect(pair?.problems.map(({ code }) => code)).toEqual(['CONTAINER_UNNAMED']);
  expect(stuck).toMatchObject({ pods: 0, problems: [{ code: 'TARGET_NOT_RUNNING', remedy: expect.any(String) }] });
});

test('are what a scan takes: it looks into as many containers as were listed', async () => {
  const [web] = (await list('?cluster=east&selector=deployment/web')).items;
  const ask = { cluster: 'east', namespace: [own], targets: web?.targets, profile: ['first-look'] };
  const { id } = await shop.call<{ id: string }>('POST', '/scans', ask);
  expect(await shop.finished(id)).toMatchObject({ state: 'done', counts: { targets: web?.pods } });
});

test('come page by page and by selector, and are never of a namespace of somebody else', async () => {
  const first = await list('?cluster=east&limit=2');
  const second = await list(`?cluster=east&limit=2&after=${first.next}`);
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['web', 'pair', 'stuck']);
  expect(second.next).toBeNull();
  const labelled = await list(`?cluster=east&selector=${encodeURIComponent('app=web')}`);
  expect(labelled.items.map(({ name }) => name)).toEqual(['web']);
  expect((await list('?cluster=east&selector=deployment/none')).items).toEqual([]);
  expect((await shop.send('GET', `/targets?namespace=${others}`)).status).toBe(404);
  const cursor = Buffer.from(JSON.stringify({ cluster: 'east', namespace: others, kind: '', name: '' }));
  expect((await list(`?cluster=east&after=${cursor.toString('base64url')}`)).items.map(each => each.namespace)).toEqual(
    own > others ? [own, own, own] : [],
  );
});

test('of a cluster in a region are told by its runner', async () => {
  const { items } = await list('?cluster=far');
  expect(items.map(({ cluster: of, name }) => `${of} ${name}`)).toEqual(['far web', 'far pair', 'far stuck']);
});

test('and a scan in that region is done by its runner, and has its reports', async () => {
  const ask = { cluster: 'far', namespace: [own], targets: ['deployment/web'], profile: ['first-look'] };
  const { id } = await shop.call<{ id: string }>('POST', '/scans', ask);
  expect(await shop.finished(id)).toMatchObject({ state: 'done', attempt: 1, counts: { targets: 2 } });
  const { items } = await shop.call<{ items: { kind: string }[] }>('GET', `/scans/${id}/reports`);
  expect(items.filter(({ kind }) => kind === 'hdf')).toHaveLength(2);
  const missing = { ...ask, targets: ['pod/none'] };
  const { id: other } = await shop.call<{ id: string }>('POST', '/scans', missing);
  expect(await shop.finished(other)).toMatchObject({ state: 'failed', attempt: 1 });
});

test('of a cluster that does not answer are an error, and the others are listed beside it', async () => {
  const refused = await shop.send('GET', '/targets?cluster=dead');
  expect([refused.status, JSON.parse(refused.text)]).toEqual([
    502,
    expect.objectContaining({ code: 'CLUSTER_UNREACHABLE', remedy: expect.any(String) }),
  ]);
  const { items, unasked } = await list('');
  expect([...new Set(items.map(each => each.cluster))]).toEqual(['east', 'far', 'reader']);
  expect(unasked).toMatchObject([{ cluster: 'dead', namespace: null, error: { code: 'CLUSTER_UNREACHABLE' } }]);
});

test('that the identity of the service may not scan are told with the rights that it lacks', async () => {
  const [web] = (await list('?cluster=reader&selector=app=web')).items;
  expect(web?.problems).toMatchObject([
    { code: 'CLUSTER_FORBIDDEN', message: expect.stringContaining('create roles') },
  ]);
  expect(web?.problems[0]?.remedy).toContain('rules:');
});

interface Check {
  state: string;
  findings: { check: string; namespace: string | null; state: string; said: string; remedy: string | null }[];
}

test('and an operator is told of each cluster whether it can be scanned, with exactly which rights', async () => {
  const checked: Record<string, string[]> = {};
  for (const name of ['east', 'far', 'reader', 'dead']) {
    const { findings, state } = await operator.call<Check>('POST', `/clusters/${name}/check`);
    checked[name] = [state, ...findings.map(each => `${each.check} ${each.state}`)];
    for (const each of findings) expect([each, each.remedy === null]).toEqual([each, each.state === 'fine']);
  }
  const reached = ['credential fine', 'server fine', 'version fine', 'clock fine'];
  expect(checked).toEqual({
    east: ['noticed', ...reached, 'rights noticed'], // an administrator of the cluster
    far: ['noticed', ...reached, 'rights noticed'],
    reader: ['broken', ...reached, 'rights broken'],
    dead: [
      'broken',
      'server broken',
      'credential unchecked',
      'version unchecked',
      'clock unchecked',
      'rights unchecked',
    ],
  });
  const { items } = await operator.call<{ items: { name: string; lastCheck: Check | null }[] }>('GET', '/clusters');
  expect(items.map(({ name, lastCheck }) => `${name} ${lastCheck?.state}`)).toEqual([
    'dead broken',
    'east noticed',
    'far noticed',
    'reader broken',
  ]);
  const ofTeam = await shop.call<{ items: { lastCheck: Check | null }[] }>('GET', '/clusters');
  expect(ofTeam.items.map(({ lastCheck }) => lastCheck)).toEqual([null, null, null, null]);
  expect((await shop.send('POST', '/clusters/east/check')).status).toBe(403);
});
