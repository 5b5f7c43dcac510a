// SPDX-License-Identifier: Apache-2.0
import { at, type Json, listAt, textAt } from '../objects/json.ts';
import type { Client } from './client.ts';

export const busybox = 'cinc-scan.test/busybox:1';
export const distroless = 'cinc-scan.test/distroless:1';
export const tools = 'cinc-scan.test/tools:1';

type PodWish = {
  name: string;
  image?: string;
  command?: string[];
  restartPolicy?: string;
  spec?: Record<string, Json>;
};

export async function makeNamespace(client: Client, name: string, labels: Record<string, string> = {}): Promise<void> {
  await client.create('/api/v1/namespaces', { metadata: { name, labels } });
  await client.until(`/api/v1/namespaces/${name}/serviceaccounts`, 'default', () => true);
}

export async function makePod(client: Client, namespace: string, wish: PodWish): Promise<Json> {
  const { name, image = busybox, command, restartPolicy = 'Always', spec = {} } = wish;
  const container = { name: 'app', image, imagePullPolicy: 'Never', ...(command === undefined ? {} : { command }) };
  const reply = await client.create(`/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name, labels: { app: name } },
    spec: {
      containers: [container],
      restartPolicy,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      ...spec,
    },
  });
  if (reply.status !== 201) throw new Error(`The pod ${name} was not made: ${reply.text}`);
  return reply.body;
}

/** The pods that the recordings talk about. */
export async function makeShop(client: Client): Promise<void> {
  await makeNamespace(client, 'shop');
  const pods: PodWish[] = [
    { name: 'bb' },
    { name: 'web' },
    { name: 'deb' },
    { name: 'dl', image: distroless },
    { name: 'bare', image: distroless },
    { name: 'pend', spec: { nodeSelector: { no: 'where' } } },
    { name: 'bad', image: 'cinc-scan.test/nothere:1' },
    { name: 'done', command: ['sh', '-c', 'exit 3'], restartPolicy: 'Never' },
    { name: 'loop', command: ['sh', '-c', 'exit 1'] },
  ];
  for (const pod of pods) await makePod(client, 'shop', pod);
  await makePod(client, 'shop', {
    name: 'two',
    spec: { containers: ['a', 'b'].map(name => ({ name, image: busybox })) },
  });
  for (const name of ['bb', 'web', 'deb', 'dl', 'bare', 'two']) await client.untilPhase('shop', name, 'Running');
  await client.untilPhase('shop', 'done', 'Failed');
  const pods1 = '/api/v1/namespaces/shop/pods';
  await client.until(pods1, 'loop', pod => waitingReason(pod) === 'CrashLoopBackOff');
  await client.until(pods1, 'bad', pod => waitingReason(pod) === 'ErrImageNeverPull');
}

export function waitingReason(pod: Json, of = 'containerStatuses'): string {
  return textAt(listAt(at(pod, 'status'), of)[0], 'state', 'waiting', 'reason');
}

/** A ServiceAccount with one role, bound; answers with its token. */
export async function makeScanner(
  client: Client,
  { namespace, name, rules }: { namespace: string; name: string; rules: Json[] },
): Promise<string> {
  const group = 'rbac.authorization.k8s.io';
  const base = `/apis/${group}/v1/namespaces/${namespace}`;
  await client.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  await client.create(`${base}/roles`, { metadata: { name }, rules });
  await client.create(`${base}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: group, kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  return client.tokenOf(namespace, name);
}
