// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startCluster } from '../../start-cluster.ts';
import type { EmbeddedCluster } from '../cluster.ts';
import { at, isObject, type Json, listAt, objectAt, parseJson, textAt } from '../objects/json.ts';
import { Client } from '../testing/client.ts';
import { entryNamed, recordings } from '../testing/recordings.ts';
import { busybox, makeNamespace, makePod, waitingReason } from '../testing/shop.ts';

let cluster: EmbeddedCluster;
let client: Client;
const pods = '/api/v1/namespaces/shop/pods';

beforeAll(async () => {
  cluster = await startCluster({ images: [busybox], imageReportDelayMs: 20, restartBackOffMs: 50 });
  client = new Client(cluster);
  await makeNamespace(client, 'shop');
});

afterAll(() => cluster.close());

/** A recorded pod by what has to be the same here. */
function comparable(body: Json | undefined): Json {
  const text = JSON.stringify(body)
    .replaceAll('docker.io/local/busybox:1', busybox)
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'UID')
    .replaceAll(/[0-9a-f]{64}/g, 'ID')
    .replaceAll(/10\.88\.\d+\.\d+/g, 'POD')
    .replaceAll('127.0.0.1', 'HOST')
    .replaceAll(/"resourceVersion":"\d+"/g, '"resourceVersion":"N"');
  return parseJson(text);
}

async function recorded(name: string): Promise<Json | undefined> {
  return at(entryNamed(await recordings('pods'), name), 'response', 'body');
}

describe('a pod', () => {
  test('is answered as recorded when it is created and when it runs', async () => {
    const wish = objectAt(entryNamed(await recordings('pods'), 'create pod'), 'request', 'body');
    const created = await client.create(
      pods,
      parseJson(JSON.stringify(wish).replaceAll('docker.io/local/busybox:1', busybox)),
    );
    expect(created.status).toBe(201);
    expect(comparable(created.body)).toEqual(comparable(await recorded('create pod')));
    const running = await client.untilPhase('shop', 'p1', 'Running');
    const expected = objectAt(comparable(await recorded('get running pod')));
    const { resources: _resources, ...status } = objectAt(expected, 'status');
    expect(comparable(running)).toEqual({ ...expected, status });
  });

  test('stays pending where no node fits it', async () => {
    await makePod(client, 'shop', { name: 'pend', spec: { nodeSelector: { no: 'where' } } });
    const pod = await client.until(pods, 'pend', one => listAt(one, 'status', 'conditions').length > 0);
    const [condition] = listAt(pod, 'status', 'conditions');
    expect(condition).toMatchObject({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' });
    expect(textAt(pod, 'status', 'phase')).toBe('Pending');
  });

  test('that ended reports its exit code and is failed or succeeded', async () => {
    await makePod(client, 'shop', { name: 'three', command: ['sh', '-c', 'exit 3'], restartPolicy: 'Never' });
    const failed = await client.untilPhase('shop', 'three', 'Failed');
    const [status] = listAt(failed, 'status', 'containerStatuses');
    const [expected] = listAt(await recorded('pod: ended with 3'), 'status', 'containerStatuses');
    expect(comparable(at(status, 'state'))).toEqual(comparable(at(expected, 'state')));
    await makePod(client, 'shop', { name: 'fine', command: ['true'], restartPolicy: 'OnFailure' });
    const succeeded = await client.untilPhase('shop', 'fine', 'Succeeded');
    expect(at(listAt(succeeded, 'status', 'containerStatuses')[0], 'state', 'terminated', 'reason')).toBe('Completed');
  });

  test('that dies is restarted as a new container of the same pod', async () => {
    await makePod(client, 'shop', {
      name: 'mortal',
      command: ['sh', '-c', 'until [ -e /tmp/die ]; do sleep 0.02; done; exit 9'],
    });
    const before = await client.untilPhase('shop', 'mortal', 'Running');
    await client.exec({ path: `${pods}/mortal/exec?command=touch&command=/tmp/die&stdout=true` });
    const restarted = (pod: Json): boolean => {
      const [status] = listAt(pod, 'status', 'containerStatuses');
      return at(status, 'restartCount') === 1 && isObject(at(status, 'state', 'running'));
    };
    const after = await client.until(pods, 'mortal', restarted);
    const id = (pod: Json): string => textAt(listAt(pod, 'status', 'containerStatuses')[0], 'containerID');
    expect(id(after)).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
    expect(id(after)).not.toBe(id(before));
    expect(textAt(after, 'metadata', 'uid')).toBe(textAt(before, 'metadata', 'uid'));
    expect(at(listAt(after, 'status', 'containerStatuses')[0], 'lastState', 'terminated', 'exitCode')).toBe(9);
  });

  test('that keeps dying is given a pause', async () => {
    await makePod(client, 'shop', { name: 'loop', command: ['false'] });
    const pod = await client.until(pods, 'loop', one => waitingReason(one) === 'CrashLoopBackOff');
    expect(textAt(pod, 'status', 'phase')).toBe('Running');
  });

  test('waits for an image that is not there, and says so', async () => {
    await makePod(client, 'shop', { name: 'bad', image: 'cinc-scan.test/nothere:1' });
    const pod = await client.until(pods, 'bad', one => waitingReason(one) === 'ErrImageNeverPull');
    const [status] = listAt(pod, 'status', 'containerStatuses');
    const [expected] = listAt(await recorded('pod: image not there'), 'status', 'containerStatuses');
    const text = JSON.stringify(at(expected, 'state')).replaceAll('docker.io/local', 'cinc-scan.test');
    expect(at(status, 'state')).toEqual(parseJson(text));
    expect(textAt(pod, 'status', 'phase')).toBe('Pending');
  });

  test('finds its variables, volumes and token inside', async () => {
    await client.create('/api/v1/namespaces/shop/configmaps', {
      metadata: { name: 'settings' },
      data: { colour: 'blue' },
    });
    await client.create('/api/v1/namespaces/shop/secrets', {
      metadata: { name: 'keys' },
      stringData: { key: 'hidden' },
    });
    const mounts = ['settings', 'keys', 'scratch'].map(name => ({ name, mountPath: `/mnt/${name}` }));
    const env = [
      { name: 'PLAIN', value: 'v' },
      { name: 'BOTH', value: '$(PLAIN)$(NONE)$$(PLAIN)' },
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ];
    const volumes = [
      { name: 'settings', configMap: { name: 'settings' } },
      { name: 'keys', secret: { secretName: 'keys' } },
      { name: 'scratch', emptyDir: {} },
    ];
    const containers = [{ name: 'app', image: busybox, env, volumeMounts: mounts }];
    await makePod(client, 'shop', { name: 'full', spec: { containers, volumes, automountServiceAccountToken: true } });
    await client.untilPhase('shop', 'full', 'Running');
    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    const script = `echo $PLAIN $NAME "$BOTH"; cat /mnt/settings/colour /mnt/keys/key; echo x >/mnt/scratch/f && echo; cat ${account}/token`;
    const command = ['sh', '-c', script].map(word => `command=${encodeURIComponent(word)}`).join('&');
    const { frames } = await client.exec({ path: `${pods}/full/exec?${command}&stdout=true&stderr=true` });
    const [first, second, token = ''] = frames
      .filter(one => one.channel < 3)
      .map(one => one.text)
      .join('')
      .split('\n');
    expect([first, second]).toEqual(['v full v$(NONE)$(PLAIN)', 'bluehidden']);
    const review = { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' };
    const who = await client.create('/apis/authentication.k8s.io/v1/selfsubjectreviews', review, token);
    expect(textAt(who.body, 'status', 'userInfo', 'username')).toBe('system:serviceaccount:shop:default');
  });

  test('with a memory limit is ended for reaching it', async () => {
    const resources = { limits: { memory: '24Mi' } };
    const containers = [{ name: 'app', image: busybox, command: ['tail', '/dev/zero'], resources }];
    await makePod(client, 'shop', { name: 'hungry', spec: { containers, restartPolicy: 'Never' } });
    const pod = await client.untilPhase('shop', 'hungry', 'Failed');
    const state = at(listAt(pod, 'status', 'containerStatuses')[0], 'state', 'terminated');
    expect(state).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  test('is refused with 501 where it asks for what is not done here', async () => {
    const probe = { exec: { command: ['true'] } };
    const spec = {
      containers: [{ name: 'app', image: busybox, livenessProbe: probe }],
      initContainers: [{ name: 'i', image: busybox }],
    };
    const reply = await client.create(pods, { metadata: { name: 'much' }, spec });
    expect(reply.status).toBe(501);
    expect(textAt(reply.body, 'message')).toBe(
      'the embedded cluster does not implement Pod spec.containers[0].livenessProbe, spec.initContainers',
    );
    const volumes = [{ name: 'host', hostPath: { path: '/etc' } }];
    const mounted = await client.create(pods, {
      metadata: { name: 'host' },
      spec: { ...spec, containers: [{ name: 'a', image: busybox }], initContainers: [], volumes },
    });
    expect(mounted.status).toBe(501);
  });
});

async function watched(
  query: string,
  until: (events: Json[]) => boolean,
  meanwhile: () => Promise<unknown>,
): Promise<Json[]> {
  const path = `${pods}?watch=true&${query}`;
  const events: Json[] = [];
  const response = await fetchStream(path);
  void meanwhile();
  for await (const event of response) {
    events.push(event);
    if (until(events)) break;
  }
  return events;
}

async function fetchStream(path: string): Promise<AsyncIterable<Json>> {
  const { request } = await import('node:https');
  const headers = { authorization: `Bearer ${cluster.adminToken}` };
  return new Promise((resolve, reject) => {
    const sent = request(cluster.url + path, { ca: cluster.ca, headers, agent: false }, response => {
      resolve(lines(response.setEncoding('utf8')));
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function* lines(stream: AsyncIterable<string>): AsyncIterable<Json> {
  let text = '';
  for await (const chunk of stream) {
    const parts = (text + chunk).split('\n');
    text = parts.pop() ?? '';
    for (const part of parts) yield parseJson(part);
  }
}

describe('watching pods', () => {
  test('shows a deletion as recorded: asked for, ended, gone', async () => {
    await makePod(client, 'shop', { name: 'w1', command: ['sleep', '1000'] });
    const pod = await client.untilPhase('shop', 'w1', 'Running');
    const from = textAt(pod, 'metadata', 'resourceVersion');
    const query = `fieldSelector=metadata.name%3Dw1&resourceVersion=${from}`;
    const gone = (events: Json[]): boolean => textAt(events.at(-1), 'type') === 'DELETED';
    const events = await watched(query, gone, () => client.ask({ method: 'DELETE', path: `${pods}/w1` }));
    const seen = events.map(event => ({
      type: textAt(event, 'type'),
      grace: at(event, 'object', 'metadata', 'deletionGracePeriodSeconds'),
      phase: textAt(event, 'object', 'status', 'phase'),
    }));
    expect(seen[0]).toEqual({ type: 'MODIFIED', grace: 1, phase: 'Running' });
    expect(seen.at(-2)).toEqual({ type: 'MODIFIED', grace: 0, phase: 'Failed' });
    expect(seen.at(-1)).toEqual({ type: 'DELETED', grace: 0, phase: 'Failed' });
    expect((await client.ask({ path: `${pods}/w1` })).status).toBe(404);
  });

  test('from a revision that is forgotten gives one error event', async () => {
    const events = await watched(
      'resourceVersion=1',
      () => false,
      async () => undefined,
    );
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: 'ERROR', object: { reason: 'Expired', code: 410 } });
  });

  test('ends after the time that was asked for, with a bookmark if wanted', async () => {
    const query = 'timeoutSeconds=1&allowWatchBookmarks=true&labelSelector=none';
    const events = await watched(
      query,
      () => false,
      async () => undefined,
    );
    expect(events.map(event => textAt(event, 'type'))).toEqual(['BOOKMARK']);
  });

  test('by label shows a pod that leaves the selection as deleted', async () => {
    await makePod(client, 'shop', { name: 'moving', spec: { nodeSelector: { no: 'where' } } });
    const relabel = (app: string) =>
      client.ask({
        method: 'PATCH',
        path: `${pods}/moving`,
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { metadata: { labels: { app } } },
      });
    const over = (events: Json[]): boolean => textAt(events.at(-1), 'type') === 'DELETED';
    const events = await watched('labelSelector=app%20in%20(moving)', over, () => relabel('moved'));
    expect(events.map(event => textAt(event, 'type')).filter((type, i, all) => type !== all[i - 1])).toEqual(
      events.length === 2 ? ['ADDED', 'DELETED'] : ['ADDED', 'MODIFIED', 'DELETED'],
    );
  });
});

describe('listing', () => {
  const refusals = [
    ['unsupported field selector (400)'],
    ['list at an exact, compacted resourceVersion (410)'],
    ['list at a future resourceVersion (504 Timeout with retry-after)'],
    ['list pods in a namespace that does not exist: 200 and empty'],
    ['namespace not found'],
    ['deployment not found'],
    ['delete again while gone'],
  ];

  test.each(refusals)('answers as recorded: %s', async name => {
    const entry = entryNamed(await recordings('pods'), name);
    const path = textAt(entry, 'request', 'path').replace('/p1', '/never');
    const reply = await client.ask({ method: textAt(entry, 'request', 'method'), path });
    const without = (body: Json | undefined): Json =>
      parseJson(
        JSON.stringify(body)
          .replaceAll(/current: \d+|"resourceVersion":"\d+"/g, m => m.replaceAll(/\d+/g, 'N'))
          .replaceAll('"p1', '"never')
          .replaceAll('\\"p1', '\\"never'),
      );
    expect(reply.status).toBe(at(entry, 'response', 'status'));
    expect(without(reply.body)).toEqual(without(at(entry, 'response', 'body')));
    expect(reply.headers['retry-after']).toBe(textAt(entry, 'response', 'headers', 'retry-after') || undefined);
  });

  test('selects by labels, by set and by field', async () => {
    for (const [name, tier] of Object.entries({ a1: 'front', a2: 'back', a3: 'none' })) {
      await client.create('/api/v1/namespaces/shop/configmaps', { metadata: { name, labels: { set: 'a', tier } } });
    }
    const names = async (query: string): Promise<string[]> => {
      const reply = await client.ask({ path: `/api/v1/namespaces/shop/configmaps?${query}` });
      return listAt(reply.body, 'items').map(item => textAt(item, 'metadata', 'name'));
    };
    const by = (selector: string) => names(`labelSelector=${encodeURIComponent(selector)}`);
    expect(await by('set=a,tier in (front, back)')).toEqual(['a1', 'a2']);
    expect(await by('set=a,tier notin (front)')).toEqual(['a2', 'a3']);
    expect(await by('set=a,tier!=none')).toEqual(['a1', 'a2']);
    expect(await by('set,!tier')).toEqual([]);
    expect(await names('fieldSelector=metadata.name%3Da2')).toEqual(['a2']);
  });

  test('goes page by page to the end', async () => {
    const first = await client.ask({ path: '/api/v1/namespaces/shop/configmaps?labelSelector=set%3Da&limit=2' });
    const token = textAt(first.body, 'metadata', 'continue');
    expect(at(first.body, 'metadata', 'remainingItemCount')).toBe(1);
    const rest = await client.ask({
      path: `/api/v1/namespaces/shop/configmaps?labelSelector=set%3Da&limit=2&continue=${token}`,
    });
    const names = [first, rest]
      .flatMap(reply => listAt(reply.body, 'items'))
      .map(item => textAt(item, 'metadata', 'name'));
    expect(names).toEqual(['a1', 'a2', 'a3']);
    expect(at(rest.body, 'metadata', 'continue')).toBeUndefined();
  });
});
