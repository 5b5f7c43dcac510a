// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Api,
  createNamespace,
  createPod,
  type EmbeddedCluster,
  openApi,
  startCluster,
  testImage,
} from '@cinc-scan/testkit';

/** A cluster with pods to scan, and a private folder for what is started. */
export interface BenchCluster extends AsyncDisposable {
  name: string;
  api: Api;
  kubeconfig: string;
  kubeconfigPath: string;
  folder: string;
  namespace: string;
  /** Names of equal pods with one container, `app`. */
  pods: string[];
  /** For its request log; undefined on a real cluster. */
  embedded: EmbeddedCluster | undefined;
}

/** The embedded cluster, or the one of this kubeconfig, with so many Debian pods. */
export async function openBenchCluster(external: string | undefined, podCount: number): Promise<BenchCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'csb-'));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const options = { stateDir: join(folder, 'cluster'), images: [testImage('debian'), testImage('tools')] };
  const embedded = external === undefined ? undo.use(await startCluster(options)) : undefined;
  const kubeconfig = embedded?.kubeconfig ?? readFileSync(external ?? '', 'utf8');
  const kubeconfigPath = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigPath, kubeconfig, { mode: 0o600 });
  const api = undo.adopt(openApi(kubeconfig), each => each.close());
  const namespace = `bench-${randomBytes(4).toString('hex')}`;
  await createNamespace(api, namespace);
  undo.defer(() => api.send('DELETE', `/api/v1/namespaces/${namespace}`).then(() => undefined));
  const pods = Array.from({ length: podCount }, (_, index) => `web-${index}`);
  for (const pod of pods) await createPod(api, { name: pod, namespace, containers: { app: 'debian' } });
  const kept = undo.move();
  const name = embedded === undefined ? `Kubernetes ${await versionOf(api)}` : 'the embedded cluster';
  return {
    name,
    api,
    kubeconfig,
    kubeconfigPath,
    folder,
    namespace,
    pods,
    embedded,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function versionOf(api: Api): Promise<string> {
  const { body } = await api.send('GET', '/version');
  return 'gitVersion' in body ? String(body.gitVersion) : 'of unknown version';
}
