// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { type Api, openApi } from '@cinc-scan/testkit';
import { dump, load } from 'js-yaml';
import type { BenchCluster } from './bench-cluster.ts';
import type { Row } from './row.ts';
import type { Bench } from './scan.bench.ts';
import { seconds } from './series.ts';

/** How soon a cluster takes back what a grant gave. */
export async function benchRevocation({ cluster, rounds, say }: Bench): Promise<Row[]> {
  say('revocation and garbage collection');
  const found = [];
  for (let round = 0; round < Math.min(rounds, 3); round += 1) found.push(await revokeOnce(cluster));
  const row = (title: string, samples: number[]): Row => ({
    title,
    measures: [{ label: cluster.name, unit: 's', samples }],
  });
  return [
    row(
      'Revocation: the RoleBinding deleted, until its token is refused (403)',
      found.map(each => each.powerless),
    ),
    row(
      'Revocation: the ServiceAccount deleted, until its token is unknown (401)',
      found.map(each => each.dead),
    ),
    row(
      'Revocation: the ServiceAccount deleted, until its Role is collected (404)',
      found.map(each => each.collected),
    ),
  ];
}

async function revokeOnce(cluster: BenchCluster): Promise<{ powerless: number; dead: number; collected: number }> {
  const { api, namespace } = cluster;
  const [pod = ''] = cluster.pods;
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const paths = await makeIdentity(cluster, name);
  const holder = openApi(await kubeconfigOf(cluster, name));
  const asHolder = status(holder, `/api/v1/namespaces/${namespace}/pods/${pod}`);
  try {
    await asHolder(200);
    const powerless = await seconds(async () => {
      await api.call('DELETE', paths.binding);
      await asHolder(403);
    });
    const [dead, collected] = await Promise.all([
      seconds(async () => {
        await api.call('DELETE', paths.account);
        await asHolder(401);
      }),
      seconds(() => status(api, paths.role)(404)),
    ]);
    return { powerless, dead, collected };
  } finally {
    holder.close();
    for (const path of Object.values(paths)) await api.send('DELETE', path);
  }
}

/** Asks until the answer has this status. */
const status = (api: Api, path: string) => async (wanted: number) => {
  const end = Date.now() + 60_000;
  for (;;) {
    const { status: found } = await api.send('GET', path);
    if (found === wanted) return;
    if (Date.now() > end) throw new Error(`${path} is still answered with ${found} instead of ${wanted}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
};

async function makeIdentity({ api, namespace, pods }: BenchCluster, name: string) {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const account = await api.call('POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
  const owner = { apiVersion: 'v1', kind: 'ServiceAccount', name, uid: account.metadata?.uid };
  await api.call('POST', `${rbac}/roles`, {
    apiVersion,
    kind: 'Role',
    metadata: { name, ownerReferences: [owner] },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: pods.slice(0, 1) }],
  });
  await api.call('POST', `${rbac}/rolebindings`, {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name, ownerReferences: [owner] },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  return { account: `${accounts}/${name}`, role: `${rbac}/roles/${name}`, binding: `${rbac}/rolebindings/${name}` };
}

/** The cluster's kubeconfig with a token of this account. */
async function kubeconfigOf({ api, namespace, kubeconfig }: BenchCluster, name: string): Promise<string> {
  const { status: answer } = await api.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 600 },
  });
  const document = load(kubeconfig) as { users: { user: Record<string, unknown> }[] };
  for (const each of document.users) each.user = { token: answer?.['token'] };
  return dump(document);
}
