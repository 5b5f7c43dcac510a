// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Body } from '@cinc-scan/testkit';
import { expect } from '@jest/globals';
import { cincScan } from './cinc-scan.ts';
import type { TestCluster } from './cluster.ts';
import { type GrantKubeconfig, openWithToken, parseGrantKubeconfig } from './token-client.ts';

export interface Granted {
  runId: string;
  /** The kubeconfig that was written. */
  file: string;
  kubeconfig: GrantKubeconfig;
  stderr: string;
}

/** A grant made by the command, with its kubeconfig in a file. */
export async function makeGrant(cluster: TestCluster, runId: string, args: string[]): Promise<Granted> {
  const file = join(cluster.folder, `${runId}.kubeconfig`);
  const { code, stderr } = await cincScan(cluster, ['grant', ...args, '--run-id', runId, '--out', file]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`Grant ${runId} `) });
  expect(existsSync(file)).toBe(true);
  return { runId, file, kubeconfig: parseGrantKubeconfig(readFileSync(file, 'utf8')), stderr };
}

/** What the API server answers each token of the grant that asks for a pod of its namespace. */
export async function tryTokens({ kubeconfig }: Granted, pod: string): Promise<number[]> {
  const statuses: number[] = [];
  for (const { context } of kubeconfig.contexts) {
    const token = kubeconfig.users.find(({ name }) => name === context.user)?.user.token ?? '';
    const client = openWithToken(kubeconfig, token);
    statuses.push((await client.send('GET', `/api/v1/namespaces/${context.namespace}/pods/${pod}`)).status);
    client.close();
  }
  return statuses;
}

export const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** Where the objects of a grant lie, by kind. */
export const pathsOf = (runId: string, namespace: string, accountNamespace = namespace) => ({
  ServiceAccount: `/api/v1/namespaces/${accountNamespace}/serviceaccounts/cinc-scan-${runId}`,
  Role: `${rbac}/namespaces/${namespace}/roles/cinc-scan-${runId}`,
  RoleBinding: `${rbac}/namespaces/${namespace}/rolebindings/cinc-scan-${runId}`,
});

interface Owned extends Body {
  metadata: NonNullable<Body['metadata']> & { ownerReferences?: unknown[] };
}

/** How many owners the object has. */
export async function ownersOf({ api }: TestCluster, path: string): Promise<number> {
  const { metadata } = (await api.call('GET', path)) as Owned;
  return metadata.ownerReferences?.length ?? 0;
}

/** Kinds deleted, in the order in which the log tells of them. */
export function deletedKinds(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter(line => line.includes('"verb":"delete"'))
    .map(line => (JSON.parse(line) as { object: { kind: string } }).object.kind);
}
