// SPDX-License-Identifier: Apache-2.0
import { type Body, testImage, until } from '@cinc-scan/testkit';
import type { TestCluster } from './cluster.ts';

/** Makes a deployment of one pod and waits until it runs; gives the pod's name. */
export async function makeDeployment(
  { api }: TestCluster,
  namespace: string,
  wanted: string | { name: string; graceSeconds: number },
): Promise<string> {
  const { name, graceSeconds } = typeof wanted === 'string' ? { name: wanted, graceSeconds: 0 } : wanted;
  const labels = { app: name };
  // One that has time to go takes it.
  const command = ['sh', '-c', "trap '' TERM; while :; do sleep 1; done"];
  const container = { name: 'app', image: testImage('busybox'), imagePullPolicy: 'IfNotPresent' };
  const containers = [{ ...container, ...(graceSeconds > 0 && { command }) }];
  const template = { metadata: { labels }, spec: { containers, terminationGracePeriodSeconds: graceSeconds } };
  await api.call('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  });
  return runningPod(api, namespace, { app: name, other: undefined });
}

type Api = TestCluster['api'];

/** The name of the one pod of an app that runs and is another than the given one. */
export async function runningPod(
  api: Api,
  namespace: string,
  { app, other }: { app: string; other: string | undefined },
): Promise<string> {
  let found: string | undefined;
  await until(`a pod of ${app}`, async () => {
    const { items = [] } = await api.call('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`);
    found = items.find(pod => pod.metadata?.name !== other && isReady(pod))?.metadata?.name;
    return found !== undefined;
  });
  return found ?? '';
}

function isReady({ status }: Body): boolean {
  const statuses = status?.['containerStatuses'];
  return Array.isArray(statuses) && statuses.some((each: { ready?: boolean }) => each.ready === true);
}

/** Deletes a pod at once, as a node that goes away does. */
export async function killPod(api: Api, namespace: string, pod: string): Promise<void> {
  await api.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${pod}?gracePeriodSeconds=0`);
}
