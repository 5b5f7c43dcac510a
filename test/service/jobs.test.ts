// SPDX-License-Identifier: Apache-2.0
// Scans in Jobs: the service as it is shipped makes them, with the rights that its guide tells and no others. On the real node
// their pods scan; those of the embedded cluster reach nobody.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Body, createPod, testImage, until } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { makeAccount, type Rule } from '../support/accounts.ts';
import { cincScan, profiles, root } from '../support/cinc-scan.ts';
import { openTestCluster, ownNodeTest } from '../support/cluster.ts';
import { openShop } from './shop.ts';
import { type Client, type RunningService, type Scan, startService } from './support.ts';
import { openTlsFront, type TlsFront } from './tls-front.ts';

const cluster = await openTestCluster();
const { api } = cluster;
let namespace = '';
/** Where the Jobs are made. */
let jobs = '';
let worker = '';
let front: TlsFront;

beforeAll(async () => {
  namespace = await cluster.namespace();
  jobs = await cluster.namespace();
  await createPod(api, { name: 'web', namespace, containers: { app: 'debian' } });
  worker = (await makeAccount(cluster, jobs, rulesOfGuide())).kubeconfigPath;
  const metadata = { name: 'clusters', namespace: jobs };
  const content = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { east: cluster.kubeconfig } };
  await api.call('POST', `/api/v1/namespaces/${jobs}/secrets`, content);
  const folder = join(cluster.folder, 'front');
  mkdirSync(folder);
  front = await openTlsFront(folder);
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await cluster.expectNothingLeft();
  await cluster.close();
});

/** The Role that the guide gives to workers. */
function rulesOfGuide(): Rule[] {
  const guide = readFileSync(join(root, 'docs/service.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n([^`]*name: cinc-scan-worker[^`]*)```/.exec(guide) ?? [];
  return (load(yaml) as { rules: Rule[] }).rules;
}

interface Opened extends AsyncDisposable {
  shop: Client;
  service: RunningService;
  keys: string[];
}

const argsWith = (image: string, ...more: string[]) => [
  '--executor',
  'job',
  '--job-image',
  image,
  '--job-server',
  front.url,
  '--job-server-ca',
  front.ca,
  '--job-kubeconfig',
  worker,
  '--job-namespace',
  jobs,
  '--job-credentials-secret',
  'clusters',
  ...more,
];

async function open(name: string, image: string): Promise<Opened> {
  const service = await startService(cluster, name, { args: argsWith(image, '--heartbeat', '30') });
  front.leadTo(service.url);
  const shop = await openShop(service, namespace);
  return { shop, service, keys: [service.key ?? '', shop.key], [Symbol.asyncDispose]: () => service.stop() };
}

const submit = async (shop: Client, ask: Record<string, unknown> = {}): Promise<string> =>
  (
    await shop.call<{ id: string }>('POST', '/scans', {
      namespace: [namespace],
      targets: ['pod/web'],
      profile: ['first-look'],
      ...ask,
    })
  ).id;

const managed = 'labelSelector=app.kubernetes.io%2Fmanaged-by%3Dcinc-scan-service';
const kinds = { jobs: 'apis/batch/v1', secrets: 'api/v1', pods: 'api/v1' };

const made = async (kind: keyof typeof kinds) =>
  (await api.call('GET', `/${kinds[kind]}/namespaces/${jobs}/${kind}?${managed}`)).items ?? [];

const isGoing = ({ metadata }: Body) => metadata !== undefined && 'deletionTimestamp' in metadata;

/** Of what the worker made. A pod that is being deleted is gone for everybody but its node, which takes its time. */
const untilNothingLeft = () =>
  until('the end of all Jobs, Secrets and pods', async () => {
    const [jobsLeft, secrets, pods] = [await made('jobs'), await made('secrets'), await made('pods')];
    return jobsLeft.length === 0 && secrets.length === 0 && pods.every(isGoing);
  });

const scanOf = (shop: Client, id: string) =>
  shop.call<Scan & { error: { message: string } | null }>('GET', `/scans/${id}`);

ownNodeTest('an image that is not there ends the scan with what the cluster says, and leaves nothing', async () => {
  await using opened = await open('no-image', testImage('no-such-image'));
  const { shop } = opened;
  const id = await submit(shop);
  await shop.finished(id);
  const scan = await scanOf(shop, id);
  expect(scan).toMatchObject({ state: 'failed', verdict: null, attempt: 1, error: { code: 'JOB_UNSTARTED' } });
  expect(scan.error?.message).toMatch(/ImagePullBackOff|ErrImageNeverPull/);
  expect(scan.error?.message).toContain(`cinc-scan-${id}-1`);
  await untilNothingLeft();
});

test('Jobs that a worker left behind go when their scans are over, and those of others stay', async () => {
  const jobOf = (scan: string) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `cinc-scan-${scan}-1`,
      labels: {
        'app.kubernetes.io/managed-by': 'cinc-scan-service',
        'cinc-scan.dev/scan': scan,
        'cinc-scan.dev/attempt': '1',
      },
    },
    spec: {
      backoffLimit: 0,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: testImage('busybox') }] } },
    },
  });
  const path = `/apis/batch/v1/namespaces/${jobs}/jobs`;
  let id = '';
  {
    await using opened = await open('swept', testImage('no-such-image'));
    id = await submit(opened.shop);
    await opened.shop.finished(id);
    await untilNothingLeft();
  }
  const others = '018f0000-0000-7000-8000-000000000000';
  for (const scan of [id, others]) await api.call('POST', path, jobOf(scan));
  const service = await startService(cluster, 'swept', { args: argsWith(testImage('no-such-image')) });
  const namesLeft = async () => (await made('jobs')).map(({ metadata }) => metadata?.name);
  await until('the end of the Job', async () => !(await namesLeft()).includes(`cinc-scan-${id}-1`));
  expect(await namesLeft()).toEqual([`cinc-scan-${others}-1`]);
  await service.stop();
  await api.call('DELETE', `${path}/cinc-scan-${others}-1?propagationPolicy=Background`);
  await untilNothingLeft();
});

describe('in pods', () => {
  let opened: Opened | undefined;
  let shop: Client;
  const image = testImage('cinc-scan-service');

  interface Hdf {
    profiles: { controls: { id: string; results: { status: string }[] }[] }[];
  }
  const statusesIn = (text: string) =>
    (JSON.parse(text) as Hdf).profiles.flatMap(({ controls }) =>
      controls.map(({ id, results }) => [id, results.map(({ status }) => status)]),
    );

  /** One that a pod has and is in the middle of. */
  async function running(): Promise<{ id: string; pod: string }> {
    const id = await submit(shop, { profile: ['slow'] });
    await until('the grant of the pod', async () => {
      const accounts = await api.call('GET', `/api/v1/namespaces/${namespace}/serviceaccounts`);
      return (accounts.items ?? []).some(({ metadata }) => metadata?.name?.startsWith('cinc-scan-'));
    });
    const [pod] = await made('pods');
    return { id, pod: pod?.metadata?.name ?? '' };
  }

  const podPath = (name: string) => `/api/v1/namespaces/${jobs}/pods/${name}`;

  /** Started by the first test that can use it. */
  const opening = async (): Promise<Opened> => {
    opened ??= await open('pods', image);
    ({ shop } = opened);
    return opened;
  };
  afterAll(async () => {
    await opened?.service.stop();
  });

  ownNodeTest('the verdict is that of the command, control by control, and nothing of the Job stays', async () => {
    const { keys, service } = await opening();
    const id = await submit(shop);
    await until('the pod', async () => (await made('pods')).length > 0);
    const seen = JSON.stringify([await made('jobs'), await made('pods')]);
    const [secret] = await made('secrets');
    const scan = await shop.finished(id);
    const local = await cincScan(cluster, [
      'scan',
      'pod/web',
      '-n',
      namespace,
      '-p',
      profiles.firstLook,
      '--report',
      'hdf',
    ]);
    expect(scan).toMatchObject({ state: 'done', exitCode: local.code, attempt: 1, error: null, isolation: 'partial' });
    const { text } = await shop.send('GET', `/scans/${id}/results?format=hdf`);
    const folder = join(local.cwd, 'cinc-scan-results');
    const file = readdirSync(folder).find(name => name.startsWith(namespace) && name.endsWith('.json'));
    expect(statusesIn(text)).toEqual(statusesIn(readFileSync(join(folder, file ?? ''), 'utf8')));
    const data = (secret as { data?: Record<string, string> } | undefined)?.data ?? {};
    const ticket = Buffer.from(data['ticket'] ?? '', 'base64').toString();
    expect(ticket).toMatch(/^ct_/);
    for (const hidden of [ticket.slice(-32), ...keys]) expect(seen).not.toContain(hidden);
    expect(service.output()).not.toContain(ticket.slice(-32));
    await untilNothingLeft();
  });

  ownNodeTest('a pod that is killed costs an attempt, and leaves nothing', async () => {
    await opening();
    const { id, pod } = await running();
    await api.call('DELETE', `${podPath(pod)}?gracePeriodSeconds=0`);
    const scan = await shop.finished(id);
    expect(scan).toMatchObject({ state: 'done', attempt: 2 });
    await untilNothingLeft();
    await cluster.expectNothingLeft();
  });

  ownNodeTest('a pod that is told to stop takes its grant back and gives the scan to another', async () => {
    await opening();
    const { id, pod } = await running();
    await api.call('DELETE', podPath(pod));
    expect(await shop.finished(id)).toMatchObject({ state: 'done', attempt: 2 });
    await untilNothingLeft();
    await cluster.expectNothingLeft();
  });

  ownNodeTest('a scan that is cancelled ends its pod, which takes its grant back', async () => {
    await opening();
    const { id } = await running();
    await shop.call('POST', `/scans/${id}/cancel`);
    expect(await shop.finished(id)).toMatchObject({ state: 'cancelled', verdict: null });
    await untilNothingLeft();
    await cluster.expectNothingLeft();
  });

  ownNodeTest('a pod goes on where the worker is killed, and what it says counts', async () => {
    const first = await opening();
    const { id } = await running();
    await first.service.stop('SIGKILL');
    const service = await startService(cluster, 'pods', { args: argsWith(image, '--heartbeat', '30') });
    front.leadTo(service.url);
    shop.url = service.url;
    opened = { ...first, service };
    expect(await shop.finished(id)).toMatchObject({ state: 'done', attempt: 1 });
    await until('the end of the pod', async () => {
      const phases = (await made('pods')).map(({ status }) => status?.['phase']);
      return phases.every(phase => phase === 'Succeeded');
    });
    await service.stop();
    const next = await startService(cluster, 'pods', { args: argsWith(image) });
    opened = { ...first, service: next };
    await untilNothingLeft();
  });
});
