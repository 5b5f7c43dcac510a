// SPDX-License-Identifier: Apache-2.0
import type { Api } from './client.ts';

export interface PodOptions {
  name: string;
  namespace: string;
  /** Container name to image of the test registry, such as `debian`. */
  containers: Record<string, string>;
  labels?: Record<string, string>;
  /** Merged into each container. */
  container?: Record<string, unknown>;
  /** Merged into the pod's spec. */
  spec?: Record<string, unknown>;
}

/** The full name of a target image. */
export const testImage = (name: string): string => `cinc-scan.test/${name}:1`;

export function podBody({ name, namespace, containers, labels = {}, container = {}, spec = {} }: PodOptions) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: Object.entries(containers).map(([each, image]) => ({
        name: each,
        image: testImage(image),
        imagePullPolicy: 'IfNotPresent',
        ...container,
      })),
      ...spec,
    },
  };
}

export async function createNamespace(api: Api, name: string, labels: Record<string, string> = {}): Promise<void> {
  await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  // Pods are refused until the controller has made the default account.
  await until(
    `default account of ${name}`,
    async () => (await api.send('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`)).status === 200,
  );
}

/** Makes a pod and waits until every container runs. */
export async function createPod(api: Api, options: PodOptions): Promise<void> {
  await postPod(api, options.namespace, podBody(options));
  await untilRunning(api, options.namespace, options.name);
}

/** Makes a pod from its manifest, and does not wait for it. */
export async function postPod(api: Api, namespace: string, manifest: unknown): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  await until(`the account of a pod in ${namespace}`, async () => {
    const { status, body } = await api.send('POST', path, manifest);
    if (status === 201) return true;
    // Before 1.24 an account is there before its token is, and says so in these words.
    if (status === 500 && /No API token found for service account/.test(body.message ?? '')) return false;
    throw new Error(`POST ${path}: ${status} ${body.message ?? ''}`);
  });
}

export async function untilRunning(api: Api, namespace: string, name: string): Promise<void> {
  await until(`pod ${namespace}/${name}`, async () => {
    const { body } = await api.send('GET', `/api/v1/namespaces/${namespace}/pods/${name}`);
    const statuses = body.status?.['containerStatuses'];
    return (
      Array.isArray(statuses) &&
      statuses.length > 0 &&
      statuses.every((each: { ready?: boolean }) => each.ready === true)
    );
  });
}

/** Asks until the answer is yes; fails after a minute. */
export async function until(what: string, question: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await question())) {
    if (Date.now() > end) throw new Error(`waited a minute for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
