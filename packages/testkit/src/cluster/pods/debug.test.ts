// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startCluster } from '../../start-cluster.ts';
import type { EmbeddedCluster } from '../cluster.ts';
import { at, isObject, type Json, listAt, objectAt, parseJson, textAt } from '../objects/json.ts';
import { Client } from '../testing/client.ts';
import { entryNamed, recordings } from '../testing/recordings.ts';
import { Replay, toRecorded } from '../testing/replay.ts';
import { busybox, distroless, makeNamespace, makePod, makeScanner, tools } from '../testing/shop.ts';

let cluster: EmbeddedCluster;
let client: Client;
let scanner: string;

const strict = {
  runAsUser: 65532,
  runAsGroup: 65532,
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

beforeAll(async () => {
  cluster = await startCluster({ images: [busybox, distroless, tools], imageReportDelayMs: 50 });
  client = new Client(cluster);
  await makeNamespace(client, 'shop');
  await makeNamespace(client, 'lens');
  await makeNamespace(client, 'base', { 'pod-security.kubernetes.io/enforce': 'baseline' });
  await makeNamespace(client, 'strict', { 'pod-security.kubernetes.io/enforce': 'restricted' });
  await makePod(client, 'lens', { name: 'd1', image: distroless });
  await makePod(client, 'base', { name: 'root' });
  const container = { name: 'app', image: busybox, securityContext: strict };
  await makePod(client, 'strict', { name: 'nonroot', spec: { containers: [container] } });
  await makePod(client, 'shop', { name: 'done', command: ['sh', '-c', 'exit 3'], restartPolicy: 'Never' });
  const rules = [{ apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['get', 'update'] }];
  scanner = await makeScanner(client, { namespace: 'lens', name: 's', rules });
  await client.untilPhase('lens', 'd1', 'Running');
  await client.untilPhase('shop', 'done', 'Failed');
});

afterAll(() => cluster.close());

function patch(pod: string, container: Json, namespace = 'lens') {
  return client.ask({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/ephemeralcontainers`,
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    body: { spec: { ephemeralContainers: [container] } },
  });
}

function statusOf(pod: Json, name: string): Json | undefined {
  return listAt(pod, 'status', 'ephemeralContainerStatuses').find(one => textAt(one, 'name') === name);
}

function untilState(name: string, wanted: (state: Json | undefined) => boolean): Promise<Json> {
  return client.until('/api/v1/namespaces/lens/pods', 'd1', pod => wanted(at(statusOf(pod, name), 'state')));
}

/** The recorded images by the ones that are here. */
function withImages(body: Json | undefined): Json | undefined {
  if (body === undefined) return undefined;
  const text = JSON.stringify(body)
    .replaceAll('docker.io/local/tools:1', tools)
    .replaceAll('docker.io/local/distroless:1', distroless)
    .replaceAll('docker.io/local/', 'cinc-scan.test/');
  return parseJson(text);
}

/** An answer is compared whole if it is a refusal; of a pod, its debug containers are. */
function shown(replay: Replay, body: Json | undefined): Json {
  const containers = listAt(body, 'spec', 'ephemeralContainers').filter(isObject);
  if (textAt(body, 'kind') !== 'Pod') return withoutDifferences(replay.comparable(body));
  return { kind: 'Pod', containers: containers.map(one => replay.comparable(one)) };
}

/** Kubernetes shows what differs in the notation of its own source code; here it is shown as JSON. */
function withoutDifferences(body: Json): Json {
  if (typeof body === 'string') return body.replace(/(may not be changed|previously negative\))\n[\s\S]*/, '$1');
  if (Array.isArray(body)) return body.map(withoutDifferences);
  if (!isObject(body)) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, withoutDifferences(value ?? null)]));
}

describe('debug containers, as recorded on a real cluster', () => {
  test('are added and refused with the recorded answers', async () => {
    const replay = new Replay();
    const entries = (await recordings('debug'))
      .filter(entry => at(entry, 'request', 'method') === 'PATCH')
      .map(toRecorded);
    const differences: Json[] = [];
    for (const recorded of entries) {
      const reply = await client.ask({
        method: recorded.method,
        path: recorded.path,
        token: recorded.as === 'admin' ? cluster.adminToken : scanner,
        body: withImages(recorded.body),
        headers: { 'content-type': recorded.contentType },
      });
      const answered = { name: recorded.name, status: reply.status, body: shown(replay, reply.body) };
      const expected = {
        name: recorded.name,
        status: recorded.status,
        body: shown(replay, withImages(recorded.answer)),
      };
      if (!sameJson(answered, expected)) differences.push({ answered, expected });
    }
    expect(differences).toEqual([]);
    expect(entries.length).toBeGreaterThan(20);
  });

  test('that cannot run are waiting for the recorded reasons', async () => {
    const entries = await recordings('debug');
    for (const title of ['image not there, pull policy Never', 'invalid image name', 'command not in the image']) {
      const recorded = toRecorded(entryNamed(entries, `${title}: patch`));
      const name = textAt(listAt(recorded.body, 'spec', 'ephemeralContainers')[0], 'name');
      const seen = listAt(entryNamed(entries, `${title}: states over time`), 'seen');
      const expected = withImages(at(seen.at(-1), 'state'));
      const pod = await untilState(
        name,
        state => textAt(state, 'waiting', 'reason') === textAt(expected, 'waiting', 'reason'),
      );
      expect(at(statusOf(pod, name), 'state')).toEqual(expected);
    }
  });

  test('report the exit code with which they ended', async () => {
    const pod = await untilState('dbg-no-target', state => isObject(at(state, 'terminated')));
    const status = statusOf(pod, 'dbg-no-target');
    const recorded = objectAt(entryNamed(await recordings('debug'), 'status after it ended with 3'), 'status');
    expect(Object.keys(objectAt(status)).toSorted()).toEqual(Object.keys(recorded).toSorted());
    expect(at(status, 'state', 'terminated', 'exitCode')).toBe(3);
    expect(at(status, 'state', 'terminated', 'reason')).toBe('Error');
    const result = await client.exec({
      path: '/api/v1/namespaces/lens/pods/d1/exec?container=dbg-no-target&command=id&stdout=true',
    });
    expect(result.refused).toMatchObject({ status: 500, body: 'container not found ("dbg-no-target")' });
  });

  test('see the processes of their target and enter its root', async () => {
    await untilState('dbg-1', state => isObject(at(state, 'running')));
    const look = 'readlink /proc/1/exe; cat /proc/1/root/etc/os-release | head -1';
    const command = ['sh', '-c', look].map(word => `command=${encodeURIComponent(word)}`).join('&');
    const path = `/api/v1/namespaces/lens/pods/d1/exec?container=dbg-1&${command}&stdout=true&stderr=true`;
    const { frames } = await client.exec({ path });
    const text = frames
      .filter(frame => frame.channel === 1)
      .map(frame => frame.text)
      .join('');
    expect(text).toMatch(/^\/usr\/bin\/catatonit\n/);
    expect(text).toContain('=');
  });

  test('do not run in a pod that has ended', async () => {
    const reply = await patch('done', { name: 'late', image: tools, command: ['sleep', '1'] }, 'shop');
    expect(reply.status).toBe(200);
    const again = await client.ask({ path: '/api/v1/namespaces/shop/pods/done' });
    expect(listAt(again.body, 'status', 'ephemeralContainerStatuses')).toEqual([]);
  });

  test('report a registry that cannot be reached, first as an error and then as a pause', async () => {
    const name = 'dbg-pull';
    await patch('d1', { name, image: 'cinc-scan.test/elsewhere:1', imagePullPolicy: 'Always' });
    for (const reason of ['ErrImagePull', 'ImagePullBackOff']) {
      const pod = await untilState(name, state => textAt(state, 'waiting', 'reason') === reason);
      expect(textAt(statusOf(pod, name), 'state', 'waiting', 'reason')).toBe(reason);
    }
  });
});

function sameJson(a: Json, b: Json): boolean {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
}
