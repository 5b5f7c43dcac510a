// SPDX-License-Identifier: Apache-2.0
// Rights that some binding gives to every service account: a scanner that has one of them is not used.
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { rbac } from '../support/grant.ts';

const cluster = await openTestCluster();
const names = { shop: '', other: '' };

beforeAll(async () => {
  for (const key of ['shop', 'other'] as const) names[key] = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace: names.shop, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

type Place = 'cluster' | 'shop' | 'other';
const rule = (verbs: string, resources: string, group = ''): Rule => ({
  apiGroups: [group],
  resources: resources.split(' '),
  verbs: verbs.split(' '),
});
const group = 'rbac.authorization.k8s.io';

/** Gives the rule to all service accounts while the work is done. */
async function withRule(place: Place, given: Rule, work: () => Promise<void>): Promise<void> {
  const isWide = place === 'cluster';
  const where = isWide ? '' : `/namespaces/${names[place]}`;
  const kind = isWide ? 'ClusterRole' : 'Role';
  const resource = isWide ? 'clusterrole' : 'role';
  const metadata = { name: 'extra' };
  await cluster.api.call('POST', `${rbac}${where}/${resource}s`, { kind, metadata, rules: [given] });
  await cluster.api.call('POST', `${rbac}${where}/${resource}bindings`, {
    kind: `${kind}Binding`,
    metadata,
    roleRef: { apiGroup: group, kind, name: 'extra' },
    subjects: [{ kind: 'Group', apiGroup: group, name: 'system:serviceaccounts' }],
  });
  try {
    await work();
  } finally {
    await cluster.api.call('DELETE', `${rbac}${where}/${resource}bindings/extra`);
    await cluster.api.call('DELETE', `${rbac}${where}/${resource}s/extra`);
  }
}

const grant = () => cincScan(cluster, ['grant', 'web', '-n', names.shop, '--out', 'scanner.kubeconfig']);

const tooWide: [string, Place, Rule, RegExp][] = [
  ['secrets, listed', 'cluster', rule('list', 'secrets'), /list secrets/],
  ['secrets, by name', 'cluster', rule('get', 'secrets'), /get secrets/],
  ['secrets of the namespace', 'shop', rule('get', 'secrets'), /get secrets/],
  ['making pods', 'shop', rule('create', 'pods'), /create pods/],
  ['exec into every pod', 'shop', rule('create get', 'pods/exec'), /create pods\/exec/],
  ['exec into one other pod', 'shop', { ...rule('get', 'pods/exec'), resourceNames: ['two'] }, /get pods\/exec two/],
  ['exec in another namespace', 'other', rule('create get', 'pods/exec'), /create pods\/exec in namespace/],
  ['attach', 'shop', rule('create get', 'pods/attach'), /create pods\/attach/],
  ['debug containers', 'shop', rule('patch update', 'pods/ephemeralcontainers'), /patch pods\/ephemeralcontainers/],
  ['forwarded ports', 'shop', rule('create get', 'pods/portforward'), /create pods\/portforward/],
  ['deleting pods', 'shop', rule('delete patch update', 'pods'), /delete pods/],
  ['making deployments', 'shop', rule('create update', 'deployments', 'apps'), /create deployments\.apps/],
  ['the kubelet', 'cluster', rule('get create', 'nodes/proxy'), /get nodes\/proxy/],
  ['tokens of accounts', 'shop', rule('create', 'serviceaccounts/token'), /create serviceaccounts\/token/],
  ['impersonation', 'cluster', rule('impersonate', 'users groups serviceaccounts'), /impersonate users/],
  ['escalation', 'cluster', rule('escalate bind', 'roles clusterroles', group), /escalate roles/],
  ['bindings', 'cluster', rule('create', 'clusterrolebindings', group), /create clusterrolebindings/],
  ['every pod', 'cluster', rule('get list watch', 'pods'), /get pods/],
  ['configuration', 'cluster', rule('get update', 'configmaps'), /get configmaps/],
  ['everything', 'cluster', rule('*', '*', '*'), /\* \*\.\*/],
];

describe('a grant is not used where every service account has', () => {
  for (const [what, place, given, message] of tooWide)
    embeddedTest(what, () =>
      withRule(place, given, async () => {
        const ran = await grant();
        expect(ran.code).toBe(4);
        expect(ran.stderr).toMatch(/GRANT_TOO_WIDE The grant may also /);
        expect(ran.stderr).toMatch(message);
      }),
    );
});

describe('a grant is used where every service account may', () => {
  const harmless: [string, Rule][] = [
    ['see storage classes', rule('get list watch', 'storageclasses', 'storage.k8s.io')],
    ['ask for a project, as OpenShift lets everybody', rule('create', 'projectrequests')],
    ['read cluster roles', rule('get list watch', 'clusterroles', group)],
  ];
  test.each(harmless)('%s', async (_, given) =>
    withRule('cluster', given, async () => {
      const ran = await grant();
      expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
      expect((await cincScan(cluster, ['revoke', 'scanner.kubeconfig'], { cwd: ran.cwd })).code).toBe(0);
    }),
  );
});
