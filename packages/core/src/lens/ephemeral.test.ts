// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Cluster } from '../cluster/index.ts';
import type { Target } from '../plan/index.ts';
import { ensureDebugContainer, guessedUser } from './ephemeral.ts';

// The embedded cluster has no init containers; the pod is one of Kubernetes 1.36, cut to what is read of it.
const sidecar = { name: 'proxy', restartPolicy: 'Always' };
const podUser = { runAsUser: 65_532, runAsGroup: 65_532 };
const ownUser = { runAsUser: 1234, runAsGroup: 5678 };

let pod: { spec: Record<string, unknown>; status: Record<string, unknown> };
let asked: Record<string, unknown>[] = [];

interface Patch {
  spec: { ephemeralContainers: [{ name: string; securityContext: { runAsUser: number; runAsGroup: number } }] };
}

const refusal = {
  kind: 'Status',
  status: 'Failure',
  message: 'pods "web" is forbidden: violates PodSecurity "restricted:latest"',
  reason: 'Forbidden',
  code: 403,
};

const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  request.on('end', () => {
    const answer = request.method === 'PATCH' ? patched(JSON.parse(text) as Patch) : pod;
    response.writeHead(answer === refusal ? 403 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
});

/** As a restricted namespace takes it: only for a user that is not root. */
function patched({ spec: { ephemeralContainers } }: Patch): object {
  const [{ name, securityContext }] = ephemeralContainers;
  if (securityContext.runAsUser === 0) return refusal;
  asked.push({ runAsUser: securityContext.runAsUser, runAsGroup: securityContext.runAsGroup });
  pod.status['ephemeralContainerStatuses'] = [{ name, state: { running: {} } }];
  return pod;
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

const target: Target = {
  cluster: 'test',
  namespace: 'shop',
  pod: 'web',
  podUid: 'u',
  container: 'proxy',
  containerId: 'containerd://1',
  restartCount: 0,
  image: '',
  imageDigest: undefined,
  node: undefined,
  owner: { kind: 'Pod', name: 'web' },
  labels: {},
  annotations: {},
};

async function userBeside(given: { spec: Record<string, unknown>; status?: Record<string, unknown> }) {
  pod = { status: {}, ...given };
  asked = [];
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const cluster = new Cluster({
    alias: 'test',
    server: new URL(`http://127.0.0.1:${port}`),
    credentials: () => Promise.resolve({ options: {}, renew: undefined }),
  });
  const request = { image: 'tools', runId: 'r', deadline: new Date(Date.now() + 60_000), timeoutMs: 1000 };
  const { guessed } = await ensureDebugContainer(cluster, target, request);
  return { user: asked.at(-1), guessed };
}

describe('beside a native sidecar of a restricted namespace a debug container runs as', () => {
  const spec = (securityContext: object | undefined) => ({
    securityContext: podUser,
    containers: [{ name: 'app' }],
    initContainers: [{ ...sidecar, securityContext }],
  });

  test('the user that the sidecar names', async () => {
    expect(await userBeside({ spec: spec(ownUser) })).toEqual({ user: ownUser, guessed: false });
  });

  test('the user that the kubelet saw, whatever is named', async () => {
    const seen = { name: 'proxy', user: { linux: { uid: 1111, gid: 2222 } } };
    const status = { initContainerStatuses: [seen], containerStatuses: [{ name: 'app' }] };
    expect(await userBeside({ spec: spec(ownUser), status })).toEqual({
      user: { runAsUser: 1111, runAsGroup: 2222 },
      guessed: false,
    });
  });

  test("the pod's where it names none, and a guess where nothing does", async () => {
    expect(await userBeside({ spec: spec(undefined) })).toEqual({ user: podUser, guessed: false });
    const unknown = { containers: [{ name: 'app' }], initContainers: [sidecar] };
    const guess = { runAsUser: guessedUser.uid, runAsGroup: guessedUser.gid };
    expect(await userBeside({ spec: unknown })).toEqual({ user: guess, guessed: true });
  });
});
