// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Api,
  createNamespace,
  type EmbeddedCluster,
  openApi,
  type StartOptions,
  startCluster,
  until,
} from '@cinc-scan/testkit';
import { expect, test } from '@jest/globals';
import { cacheHome } from './caches.ts';
import { secretsOf } from './secrets-found.ts';
import { takeLeaks, watchFolder } from './taint.ts';

/** The cluster a test runs on: the embedded one, or the one CINC_SCAN_TEST_KUBECONFIG names. */
export interface TestCluster {
  /** Text of a kubeconfig with the rights of an administrator. */
  kubeconfig: string;
  kubeconfigPath: string;
  api: Api;
  /** Of Kubernetes 1.x. */
  minor: number;
  /** For faults and the request log; undefined on a real cluster. */
  embedded: EmbeddedCluster | undefined;
  /** A private folder of the test: TMPDIR of what it starts, and a place for its files. */
  folder: string;
  /** Makes a namespace that goes with the cluster. */
  namespace(labels?: Record<string, string>): Promise<string>;
  /** Fails unless no object and no engine process of ours is left, and no secret leaked from any command so far. */
  expectNothingLeft(): Promise<void>;
  close(): Promise<void>;
}

const external = process.env['CINC_SCAN_TEST_KUBECONFIG'];

/** Whether the embedded cluster is in use: faults can be planted and requests be read. */
export const isEmbedded = external === undefined || external === '';

type DefineTest = (name: string, run: () => Promise<void>, timeoutMs?: number) => void;

/**
 * Defines tests that not every cluster can run. Where they cannot be run they are named and counted as such; as `todo`,
 * because a suite in which nothing is defined fails.
 */
const testIf = (can: boolean, where: string): DefineTest =>
  can
    ? test
    : name => {
        process.stderr.write(`cannot run ${where}: ${name}\n`);
        test.todo(name);
      };

/** For what needs the embedded cluster's switchboard. */
export const embeddedTest = testIf(isEmbedded, 'on a real cluster');

const isOwnNode = external === join(cacheHome, 'cinc-scan/kubernetes/kubeconfig');

/** For pods that reach this machine, and have its images: those of the cluster of `./dev kubernetes`. */
export const ownNodeTest = testIf(isOwnNode, 'elsewhere than on the node of ./dev kubernetes');

/** For what mounts files of this machine: the embedded cluster and that of `./dev kubernetes` run their containers here. */
export const nodeTest = testIf(isEmbedded || isOwnNode, 'where the node is another machine');

/** For what needs debug containers. */
export const debugTest = ({ minor }: TestCluster): DefineTest => testIf(minor >= 25, 'before Kubernetes 1.25');

export async function openTestCluster(options: StartOptions = {}): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'cst-'));
  const embedded = isEmbedded ? await startCluster({ ...options, stateDir: join(folder, 'cluster') }) : undefined;
  const kubeconfig = embedded?.kubeconfig ?? readFileSync(external ?? '', 'utf8');
  const kubeconfigPath = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigPath, kubeconfig, { mode: 0o600 });
  const api = openApi(kubeconfig);
  watchFolder(folder, () => embedded?.issuedTokens() ?? secretsOf(kubeconfig));
  const namespaces: string[] = [];
  return {
    kubeconfig,
    kubeconfigPath,
    api,
    minor: await minorVersion(api),
    embedded,
    folder,
    async namespace(labels) {
      const name = `cst-${randomBytes(4).toString('hex')}`;
      await createNamespace(api, name, labels);
      namespaces.push(name);
      return name;
    },
    expectNothingLeft: () => expectNothingLeft(api, namespaces, folder),
    async close() {
      for (const name of namespaces) await api.send('DELETE', `/api/v1/namespaces/${name}`);
      api.close();
      await embedded?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function minorVersion(api: Api): Promise<number> {
  const { body } = await api.send('GET', '/version');
  return Number.parseInt('minor' in body ? String(body.minor) : '', 10);
}

const label = 'labelSelector=app.kubernetes.io%2Fmanaged-by%3Dcinc-scan';
const kinds = [
  'api/v1/NS/serviceaccounts',
  'apis/rbac.authorization.k8s.io/v1/NS/roles',
  'apis/rbac.authorization.k8s.io/v1/NS/rolebindings',
];

/** Names of our objects in these namespaces. */
export async function leftObjects(api: Api, namespaces: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const namespace of namespaces)
    for (const kind of kinds) {
      const { items = [] } = await api.call('GET', `/${kind.replace('NS', `namespaces/${namespace}`)}?${label}`);
      found.push(...items.map(item => `${kind.split('/').at(-1)} ${namespace}/${item.metadata?.name}`));
    }
  return found;
}

async function expectNothingLeft(api: Api, namespaces: string[], folder: string): Promise<void> {
  expect(takeLeaks(folder)).toEqual([]);
  expect(await leftObjects(api, namespaces)).toEqual([]);
  // A killed parent's children end when they next ask their broker; give the kernel that moment.
  await until('the end of every engine process', () => Promise.resolve(engineProcesses(folder).length === 0));
}

/** Ids of engine processes whose HOME lies in a folder. */
export function engineProcesses(folder: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => readProc(pid, 'cmdline').includes('engine.rb') && readProc(pid, 'environ').includes(folder))
    .map(Number);
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
