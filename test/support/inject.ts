// SPDX-License-Identifier: Apache-2.0
import { postPod, testImage, untilRunning } from '@cinc-scan/testkit';
import { dump, load } from 'js-yaml';
import { cincScan } from './cinc-scan.ts';
import type { TestCluster } from './cluster.ts';
import { folderWith } from './folder.ts';

interface PodBody {
  metadata: { name: string; namespace: string };
  spec: object;
}

/** The pod's manifest with the scanner container in it: by the command line, as a user would. */
export async function inject(cluster: TestCluster, body: PodBody, options: string[] = []): Promise<unknown> {
  const cwd = folderWith(cluster, { 'pod.yaml': dump(body) });
  const args = ['sidecar', 'inject', '-f', 'pod.yaml', '--image', testImage('tools'), ...options];
  const ran = await cincScan(cluster, args, { cwd });
  if (ran.code !== 0) throw new Error(`${body.metadata.name} was not injected: ${ran.stderr}`);
  return load(ran.stdout);
}

/** Makes a pod, or that with a scanner container in it, and waits until it runs. Gives its namespace. */
export async function makeRunning({ api }: TestCluster, { metadata }: PodBody, manifest: unknown): Promise<string> {
  await postPod(api, metadata.namespace, manifest);
  await untilRunning(api, metadata.namespace, metadata.name);
  return metadata.namespace;
}

/** Injects a pod's manifest and makes the pod. Gives its namespace. */
export const makeInjected = async (cluster: TestCluster, body: PodBody, options: string[] = []): Promise<string> =>
  makeRunning(cluster, body, await inject(cluster, body, options));
