// SPDX-License-Identifier: Apache-2.0
import { type Body, createPod, podBody, testImage, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from '../../packages/core/src/cluster/index.ts';
import { type Plan, parseSelector, plan, targetName } from '../../packages/core/src/plan/index.ts';
import { Secret } from '../../packages/core/src/request/index.ts';
import { cincScan, readScanJson, root } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { readOutputs } from '../support/refusal.ts';

const cluster = await openTestCluster();
const { api } = cluster;
const operator = await connect({ access: { kind: 'content', content: new Secret(cluster.kubeconfig) } });
let namespace = '';

const apps = (resource: string) => `/apis/apps/v1/namespaces/${namespace}/${resource}`;
const podsPath = () => `/api/v1/namespaces/${namespace}/pods`;

function workload(name: string, { replicas = 1, labels = { app: name } } = {}) {
  const containers = [{ name: 'app', image: testImage('busybox'), imagePullPolicy: 'IfNotPresent' }];
  const template = { metadata: { labels }, spec: { containers, terminationGracePeriodSeconds: 1 } };
  return { metadata: { name }, spec: { replicas, serviceName: name, selector: { matchLabels: labels }, template } };
}

const daemon = () => {
  const { metadata, spec } = workload('agent');
  const { replicas: _, serviceName: __, ...rest } = spec;
  return { metadata, spec: rest };
};

async function podNames(labels: string): Promise<string[]> {
  const { items = [] } = await api.call('GET', `${podsPath()}?labelSelector=${encodeURIComponent(labels)}`);
  return items.map((item: Body) => item.metadata?.name ?? '').toSorted();
}

const untilReady = (path: string, field: string, wanted: number | string) =>
  until(path, async () => (await api.call('GET', path)).status?.[field] === wanted);

beforeAll(async () => {
  namespace = await cluster.namespace();
  await api.call('POST', apps('deployments'), workload('web', { replicas: 2 }));
  await api.call('POST', apps('statefulsets'), workload('db'));
  await api.call('POST', apps('daemonsets'), daemon());
  const two = { containers: { main: 'busybox', side: 'busybox' } };
  await createPod(api, { name: 'two', namespace, ...two, labels: { app: 'two' } });
  const marked = podBody({ name: 'marked', namespace, ...two, labels: { app: 'marked' } });
  const annotations = { 'kubectl.kubernetes.io/default-container': 'side' };
  await api.call('POST', podsPath(), { ...marked, metadata: { ...marked.metadata, annotations } });
  const hiding = podBody({ name: 'hiding', namespace, ...two, labels: { app: 'hiding' } });
  const hidden = { 'cinc-scan.dev/sidecar': 'side' };
  await api.call('POST', podsPath(), { ...hiding, metadata: { ...hiding.metadata, annotations: hidden } });

  // Wears the labels of the deployment's pods and belongs to nobody.
  await createPod(api, { name: 'stray', namespace, containers: { app: 'busybox' }, labels: { app: 'web' } });
  const done = {
    restartPolicy: 'Never',
    containers: [{ name: 'app', image: testImage('busybox'), command: ['true'] }],
  };
  await api.call(
    'POST',
    podsPath(),
    podBody({ name: 'done', namespace, containers: {}, labels: { app: 'done' }, spec: done }),
  );
  const stuck = { nodeSelector: { 'cinc-scan.dev/none': 'such' } };
  await api.call(
    'POST',
    podsPath(),
    podBody({ name: 'stuck', namespace, containers: { app: 'busybox' }, spec: stuck }),
  );
  await untilReady(`${apps('deployments')}/web`, 'readyReplicas', 2);
  await untilReady(`${apps('statefulsets')}/db`, 'readyReplicas', 1);
  await untilReady(
    `${apps('daemonsets')}/agent`,
    'numberReady',
    (await api.call('GET', '/api/v1/nodes')).items?.length ?? 1,
  );
  await untilReady(`${podsPath()}/done`, 'phase', 'Succeeded');
  for (const name of ['marked', 'hiding']) await untilReady(`${podsPath()}/${name}`, 'phase', 'Running');
}, 300_000);
afterEach(() => cluster.expectNothingLeft());
afterAll(async () => {
  operator.close();
  await cluster.close();
});

interface Asked {
  namespaces?: string[];
  container?: string;
  allContainers?: boolean;
  allowEmpty?: boolean;
}

function planned(selectors: string[], asked: Asked = {}): Promise<Plan> {
  return plan(operator.cluster, {
    selectors: selectors.map(parseSelector),
    namespaces: [namespace],
    container: undefined,
    allContainers: false,
    allowEmpty: false,
    ...asked,
  });
}

const chosen = ({ targets }: Plan) => targets.map(({ pod, container }) => `${pod}/${container}`);

describe('a selector finds', () => {
  test('a pod by its name, with and without its kind', async () => {
    expect(chosen(await planned(['db-0']))).toEqual(['db-0/app']);
    expect(chosen(await planned(['pod/db-0']))).toEqual(['db-0/app']);
    expect(chosen(await planned(['po/db-0']))).toEqual(['db-0/app']);
  });

  test('the pods of a deployment, and none that merely wears its labels', async () => {
    const own = (await podNames('app=web')).filter(name => name !== 'stray');
    const found = await planned(['deployment/web']);
    expect(chosen(found).toSorted()).toEqual(own.map(name => `${name}/app`));
    expect(found.targets.map(({ owner }) => owner)).toEqual(own.map(() => ({ kind: 'Deployment', name: 'web' })));
  });

  test('the pods of a stateful set and of a daemon set', async () => {
    expect(chosen(await planned(['statefulset/db']))).toEqual(['db-0/app']);
    expect(chosen(await planned(['ds/agent']))).toEqual((await podNames('app=agent')).map(name => `${name}/app`));
  });

  test('the pod of a job, whose selector the server has written', async () => {
    const containers = [{ name: 'app', image: testImage('busybox'), command: ['sleep', '600'] }];
    const spec = { containers, restartPolicy: 'Never', terminationGracePeriodSeconds: 1 };
    const job = { metadata: { name: 'backup' }, spec: { template: { spec } } };
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    await api.call('POST', path, job);
    const running = async () => (await api.call('GET', `${podsPath()}?labelSelector=job-name%3Dbackup`)).items ?? [];
    await until('the pod of the job', async () => (await running())[0]?.status?.['phase'] === 'Running');
    expect(chosen(await planned(['job/backup']))).toEqual([expect.stringMatching(/^backup-[a-z0-9]{5}\/app$/)]);
    await api.call('DELETE', `${path}/backup?propagationPolicy=Background`);
  });

  test('every pod with the labels', async () => {
    const labelled = (await podNames('app=web')).map(name => `${name}/app`);
    expect(labelled).toContain('stray/app');
    expect(chosen(await planned(['-l app=web'])).toSorted()).toEqual(labelled);
    expect(chosen(await planned(['app in (web,db), app!=db'])).toSorted()).toEqual(labelled);
  });

  test('each container once, however often it is named', async () => {
    expect(chosen(await planned(['db-0', 'sts/db', '-l app=db']))).toEqual(['db-0/app']);
  });

  test('what the pod is made of: uid, image, digest, node', async () => {
    const { targets } = await planned(['db-0']);
    const { metadata } = await api.call('GET', `${podsPath()}/db-0`);
    expect(targets).toMatchObject([
      {
        namespace,
        podUid: metadata?.uid,
        image: testImage('busybox'),
        restartCount: 0,
        owner: { kind: 'StatefulSet', name: 'db' },
        labels: { app: 'db' },
      },
    ]);
    expect(targets[0]?.containerId).toMatch(/^\w+:\/\/[0-9a-f]{64}$/);
    expect(targets[0]?.node).not.toBe('');
  });
});

describe('of a pod with several containers', () => {
  test('the one that was named is taken', async () => {
    expect(chosen(await planned(['two'], { container: 'side' }))).toEqual(['two/side']);
  });

  test('the one that its annotation names is taken, unless another was named', async () => {
    expect(chosen(await planned(['marked']))).toEqual(['marked/side']);
    expect(chosen(await planned(['marked'], { container: 'main' }))).toEqual(['marked/main']);
  });

  test('all are taken where all are asked for', async () => {
    expect(chosen(await planned(['two', 'marked'], { allContainers: true }))).toEqual([
      'two/main',
      'two/side',
      'marked/main',
      'marked/side',
    ]);
  });

  test('those that are passed over are named, with the reason', async () => {
    const reasons = async (...asked: Parameters<typeof planned>) =>
      (await planned(...asked)).passedOver.map(({ pod, container, reason }) => `${pod}/${container}: ${reason}`);
    expect(await reasons(['two'], { container: 'side' })).toEqual(['two/main: the input container names side']);
    expect(await reasons(['marked'])).toEqual([
      'marked/main: the annotation kubectl.kubernetes.io/default-container names side',
    ]);
    expect(await reasons(['two', 'marked'], { allContainers: true })).toEqual([]);
  });

  test('none is hidden by an annotation alone', async () => {
    const found = await planned(['hiding'], { allContainers: true });
    expect(chosen(found)).toEqual(['hiding/main', 'hiding/side']);
    expect(found.targets.map(({ sidecar }) => sidecar)).toEqual([undefined, undefined]);
  });

  test('none is guessed', async () => {
    await expect(planned(['two'])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/two has several containers \(main, side\) and none was named/),
      remedy: expect.stringMatching(/--container.*--all-containers/),
    });
  });
});

describe('what is not there, or does not run', () => {
  const codes = ({ unplanned }: Plan) => unplanned.map(({ target, error }) => `${targetName(target)} ${error.code}`);

  test('is kept in the plan where it was named', async () => {
    const found = await planned(['gone', 'deployment/gone', 'stuck', 'done', 'db-0'], { container: 'app' });
    expect(chosen(found)).toEqual(['db-0/app']);
    expect(codes(found)).toEqual([
      `${namespace}/pod/gone TARGET_NOT_FOUND`,
      `${namespace}/deployment/gone TARGET_NOT_FOUND`,
      `${namespace}/stuck/app TARGET_NOT_RUNNING`,
      `${namespace}/done/app TARGET_NOT_RUNNING`,
    ]);
    expect(found.unplanned.map(({ error }) => error.message).join('\n')).toMatch(/ended: Completed, exit code 0/);
  });

  test('and is a container that the pod does not have', async () => {
    const found = await planned(['two'], { container: 'third' });
    expect(codes(found)).toEqual([`${namespace}/two/third TARGET_NOT_FOUND`]);
  });

  test('is looked for in every namespace', async () => {
    const other = await cluster.namespace();
    await createPod(api, { name: 'db-0', namespace: other, containers: { app: 'busybox' } });
    const both = await planned(['db-0'], { namespaces: [namespace, other] });
    expect(both.targets.map(targetName)).toEqual([`${namespace}/db-0/app`, `${other}/db-0/app`]);
    const half = await planned(['two'], { namespaces: [namespace, other], allContainers: true });
    expect(half.targets).toHaveLength(2);
    expect(codes(half)).toEqual([`${other}/pod/two TARGET_NOT_FOUND`]);
  });

  test('ended pods are no targets of a label', async () => {
    await expect(planned(['-l app=done'])).rejects.toMatchObject({ code: 'NO_TARGETS', exit: 2 });
  });

  test('nothing at all is refused, unless that was allowed', async () => {
    await expect(planned(['-l app=nobody', 'app=none'])).rejects.toMatchObject({ code: 'NO_TARGETS' });
    expect(codes(await planned(['db-0', '-l app=nobody']))).toEqual([`${namespace}/-l app=nobody TARGET_NOT_RUNNING`]);
    expect(chosen(await planned(['db-0', '-l app=nobody'], { allowEmpty: true }))).toEqual(['db-0/app']);
  });

  test('labels that the server does not understand are a usage error', async () => {
    await expect(planned(['-l app in (web'])).rejects.toMatchObject({ code: 'INPUT_INVALID', exit: 2 });
  });

  test('terminating pods are not targets beside others, so that a rollout is not a gap; alone they are named', async () => {
    const slow = { command: ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'] };
    const spec = { terminationGracePeriodSeconds: 300 };
    const pod = { namespace, containers: { app: 'busybox' }, labels: { app: 'leaving' }, container: slow, spec };
    for (const name of ['leaving', 'staying']) await createPod(api, { ...pod, name });
    await api.call('DELETE', `${podsPath()}/leaving`);
    const beside = await planned(['-l app=leaving']);
    expect([chosen(beside), codes(beside)]).toEqual([['staying/app'], []]);
    await api.call('DELETE', `${podsPath()}/staying`);
    const alone = await planned(['-l app=leaving']);
    expect([chosen(alone), codes(alone)]).toEqual([
      [],
      [`${namespace}/leaving/app TARGET_NOT_RUNNING`, `${namespace}/staying/app TARGET_NOT_RUNNING`],
    ]);
    expect(alone.unplanned[0]?.error.message).toContain('the pod is terminating');
    expect(codes(await planned(['-l app=leaving'], { allowEmpty: true }))).toEqual([]);
    for (const name of ['leaving', 'staying']) await api.call('DELETE', `${podsPath()}/${name}?gracePeriodSeconds=0`);
  });
});

describe('a scan by selector', () => {
  const tiny = `${root}test/fixtures/profiles/tiny`;

  test('audits every target and names each in the manifest', async () => {
    const ran = await cincScan(cluster, ['scan', 'deploy/web', 'sts/db', '-n', namespace, '-p', tiny]);
    const { targets } = readScanJson(ran);
    const own = (await podNames('app=web')).filter(name => name !== 'stray');
    expect(targets.map(({ name }) => name).toSorted()).toEqual(
      [...own, 'db-0'].map(name => `${namespace}/${name}/app`).toSorted(),
    );
    expect(targets.map(({ outcome }) => outcome)).toEqual(targets.map(() => 'audited'));
    expect(ran.code).toBe(0);
  });

  test('with nothing to audit passes only where that was allowed', async () => {
    const args = ['scan', '-l', 'app=nobody', '-n', namespace, '-p', tiny];
    expect((await cincScan(cluster, args)).code).toBe(2);
    const allowed = await cincScan(cluster, [...args, '--allow-empty']);
    expect(allowed.code).toBe(0);
    expect(readOutputs(allowed)).toMatchObject({ 'exit-code': 0, compliance: null, 'targets-json': [] });
  });
});
