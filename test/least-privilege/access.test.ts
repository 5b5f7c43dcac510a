// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Body, createPod, type ServedRequest } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { makeAccount, operatorRules, type Rule } from '../support/accounts.ts';
import { cincScan, profiles, readScanJson, startCincScan } from '../support/cinc-scan.ts';
import { embeddedTest, leftObjects, openTestCluster } from '../support/cluster.ts';
import { expectUnreached, scratchLeft } from '../support/refusal.ts';

const cluster = await openTestCluster();
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const ours = 'labelSelector=app.kubernetes.io%2Fmanaged-by%3Dcinc-scan';
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  await createPod(cluster.api, { name: 'other', namespace, containers: { app: 'debian' } });
});
beforeEach(() => cluster.embedded?.requests.clear());
afterEach(async () => {
  await cluster.expectNothingLeft();
  expect(scratchLeft(cluster)).toEqual([]);
});
afterAll(() => cluster.close());

const scanArgs = (...more: string[]) => ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, ...more];

const served = (): ServedRequest[] => cluster.embedded?.requests.all() ?? [];
const isReview = ({ path }: ServedRequest) => /selfsubject(access|rules)reviews/.test(path);
const isExec = ({ path }: ServedRequest) => path.endsWith('/exec');

interface Granted extends Body {
  metadata: NonNullable<Body['metadata']> & { ownerReferences?: unknown[] };
  rules?: Rule[];
  subjects?: unknown[];
  roleRef?: unknown;
}

/** The one object of ours of a kind, while a scan is under way. */
async function granted(base: string, resource: string): Promise<Granted> {
  const { items = [] } = await cluster.api.call('GET', `${base}/namespaces/${namespace}/${resource}?${ours}`);
  expect(items.length).toBe(1);
  return items[0] as Granted;
}

describe('the temporary identity', () => {
  embeddedTest('does everything that touches a container, and the operator nothing of it', async () => {
    const ran = await cincScan(cluster, scanArgs('--run-id', 'who'));
    expect(ran.code).toBe(0);
    const scanner = `system:serviceaccount:${namespace}:cinc-scan-who`;
    const execs = served().filter(isExec);
    expect(execs.length).toBeGreaterThan(0);
    expect(new Set(execs.map(({ user }) => user))).toEqual(new Set([scanner]));
    // A token whose account has gone and that the server has forgotten speaks for nobody: 401, without a user.
    const own = served()
      .filter(({ user, status }) => user === scanner || (user === '' && status === 401))
      .filter(request => !isReview(request) && !isExec(request));
    const pod = `/api/v1/namespaces/${namespace}/pods/web`;
    expect(new Set(own.map(({ method, path }) => `${method} ${path}`))).toEqual(new Set([`GET ${pod}`]));
    // The last of them is the proof that the token has become powerless.
    expect([401, 403]).toContain(own.at(-1)?.status);
  });

  embeddedTest('is asked what it may do, as itself, before the first target is opened', async () => {
    expect(await cincScan(cluster, scanArgs('--run-id', 'asked'))).toMatchObject({ code: 0 });
    const scanner = `system:serviceaccount:${namespace}:cinc-scan-asked`;
    const asked = served().findIndex(request => isReview(request) && request.user === scanner);
    expect(asked).toBeGreaterThan(-1);
    expect(served().findIndex(isExec)).toBeGreaterThan(asked);
  });

  embeddedTest('looks into the planned container of a pod, and into no other', async () => {
    await createPod(cluster.api, { name: 'two', namespace, containers: { main: 'debian', side: 'debian' } });
    const args = ['scan', 'two', '-c', 'side', '-n', namespace, '-p', profiles.firstLook];
    expect(await cincScan(cluster, args)).toMatchObject({ code: 0 });
    const containers = served()
      .filter(isExec)
      .map(({ query }) => new URLSearchParams(query).get('container'));
    expect(new Set(containers)).toEqual(new Set(['side']));
  });

  test('is one account, allowed to get and exec into the planned pods by name, marked with its run and its end', async () => {
    const started = Date.now();
    const running = startCincScan(
      cluster,
      ['scan', 'web', '-n', namespace, '-p', profiles.slow, '-v', '--run-id', 'shape'],
      {},
    );
    await running.line(/session into/);
    const account = await granted('/api/v1', 'serviceaccounts');
    const role = await granted(rbac, 'roles');
    const binding = await granted(rbac, 'rolebindings');
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(role.rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['web'] },
      { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'], resourceNames: ['web'] },
    ]);
    expect(binding.subjects).toEqual([{ kind: 'ServiceAccount', name: 'cinc-scan-shape', namespace }]);
    expect(binding.roleRef).toMatchObject({ kind: 'Role', name: 'cinc-scan-shape' });
    for (const { metadata } of [account, role, binding]) {
      expect(metadata.labels).toMatchObject({ 'cinc-scan.dev/run': 'shape' });
      expect(Date.parse(metadata.annotations?.['cinc-scan.dev/expires-at'] ?? '')).toBeGreaterThan(started);
    }
    const owner = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'cinc-scan-shape', uid: account.metadata.uid };
    for (const { metadata } of [role, binding]) expect(metadata.ownerReferences).toEqual([owner]);
  });

  test('is made in each namespace by itself, and taken back from each', async () => {
    const second = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace: second, containers: { app: 'debian' } });
    const ran = await cincScan(cluster, scanArgs('-n', second, '-v'));
    expect(ran.code).toBe(0);
    for (const each of [namespace, second])
      for (const kind of ['ServiceAccount', 'Role', 'RoleBinding'])
        for (const verb of ['create', 'delete']) expect(ran.stderr).toContain(`  ${verb} ${kind} ${each}/cinc-scan-`);
  });

  test('leaves its token in no output and no report', async () => {
    const ran = await cincScan(cluster, scanArgs('--debug', '--report', 'html', '--report', 'hdf-annotated'));
    const folder = join(ran.cwd, 'cinc-scan-results');
    const files = readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8'));
    expect(files.length).toBeGreaterThan(3);
    // How every signed token begins: {" in base64.
    for (const text of [ran.stdout, ran.stderr, ...files]) expect(text).not.toMatch(/eyJ[\w-]{10,}\.eyJ/);
    expect(ran.code).toBe(0);
  });

  test('is refused and taken back where another binding lets every account do more', async () => {
    // Of this namespace alone: other tests may run on the same cluster.
    const name = `wide-${namespace}`;
    const wide = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } };
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }];
    await cluster.api.call('POST', `${rbac}/clusterroles`, { ...wide, kind: 'ClusterRole', rules });
    await cluster.api.call('POST', `${rbac}/clusterrolebindings`, {
      ...wide,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      // Of this namespace alone: on a cluster that the suites share, every other grant would be refused as well.
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `system:serviceaccounts:${namespace}` }],
    });
    try {
      const ran = await cincScan(cluster, scanArgs('-v'));
      expectUnreached(ran, {
        code: 'GRANT_TOO_WIDE',
        exit: 4,
        message: /The grant may also list secrets in namespace/,
        remedy: /system:serviceaccounts/,
      });
      expect(ran.stderr).toMatch(/delete RoleBinding/);
      expect(ran.stderr).not.toMatch(/session into/);
    } finally {
      await cluster.api.call('DELETE', `${rbac}/clusterrolebindings/${name}`);
      await cluster.api.call('DELETE', `${rbac}/clusterroles/${name}`);
    }
  });

  const strangers: [name: string, labels: Record<string, string>, owner: RegExp][] = [
    ['of somebody else', {}, /another owner/],
    [
      'of another run that was given the same id',
      { 'app.kubernetes.io/managed-by': 'cinc-scan', 'cinc-scan.dev/run': 'taken' },
      /another run/,
    ],
  ];
  test.each(strangers)('never takes the object %s for its own, nor takes it away', async (_name, labels, owner) => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'cinc-scan-taken', labels } };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await cluster.api.call('POST', path, account);
    try {
      expectUnreached(await cincScan(cluster, scanArgs('--run-id', 'taken')), {
        code: 'GRANT_FAILED',
        exit: 4,
        message: owner,
        remedy: /--run-id/,
      });
      expect((await cluster.api.send('GET', `${path}/cinc-scan-taken`)).status).toBe(200);
    } finally {
      await cluster.api.call('DELETE', `${path}/cinc-scan-taken`);
    }
  });
});

describe('an operator with no more rights than it needs', () => {
  test('can make the identity, scan, and take it back', async () => {
    const { kubeconfigPath, user } = await makeAccount(cluster, namespace, operatorRules);
    const ran = await cincScan(cluster, scanArgs('--kubeconfig', kubeconfigPath));
    expect(ran.code).toBe(0);
    expect(readScanJson(ran).grant).toMatchObject({ revoked: true });
    expect(served().filter(request => request.user === user && isExec(request))).toEqual([]);
  });

  test('and one that lacks some is told all of them at once, as a Role, before anything is made', async () => {
    const rules = operatorRules.filter(rule => !rule.resources.some(each => /token|roles/.test(each)));
    const { kubeconfigPath } = await makeAccount(cluster, namespace, rules);
    const ran = await cincScan(cluster, scanArgs('--kubeconfig', kubeconfigPath, '-v'));
    expectUnreached(ran, {
      code: 'CLUSTER_FORBIDDEN',
      exit: 4,
      message:
        /The operator may not: create serviceaccounts\/token .*create roles\..*delete roles\..*create rolebindings\./,
      remedy: /apiGroups: \["rbac\.authorization\.k8s\.io"\], resources: \[roles\], verbs: \[create, get, delete\]/,
    });
    expect(ran.stderr).not.toMatch(/create ServiceAccount/);
  });

  test('and one that may not even see the pods is told that', async () => {
    const { kubeconfigPath } = await makeAccount(cluster, namespace, []);
    expectUnreached(await cincScan(cluster, scanArgs('--kubeconfig', kubeconfigPath)), {
      code: 'CLUSTER_FORBIDDEN',
      exit: 4,
      message: /cannot get resource "pods"/,
      remedy: /\S/,
    });
  });
});

describe('an identity that was given (--access existing)', () => {
  const named: Rule[] = [
    { apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['web'] },
    { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'], resourceNames: ['web'] },
  ];

  test('needs rights on its pods alone, and makes nothing', async () => {
    const { kubeconfigPath, user } = await makeAccount(cluster, namespace, named);
    const ran = await cincScan(cluster, scanArgs('--kubeconfig', kubeconfigPath, '--access', 'existing', '-v'));
    expect(ran.code).toBe(0);
    expect(ran.stderr).not.toMatch(/(create|delete) (ServiceAccount|Role|RoleBinding)/);
    expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
    expect(readScanJson(ran).grant).toMatchObject({ revoked: null });
    for (const request of served().filter(isExec)) expect(request.user).toBe(user);
  });

  test('and lacks some of them is told all of them at once, as a Role', async () => {
    const { kubeconfigPath } = await makeAccount(cluster, namespace, [
      { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    ]);
    expectUnreached(await cincScan(cluster, scanArgs('--kubeconfig', kubeconfigPath, '--access', 'existing')), {
      code: 'CLUSTER_FORBIDDEN',
      exit: 4,
      message: /The given identity may not: get pods\/exec web in namespace \S+; create pods\/exec web/,
      remedy: /resources: \[pods\/exec\], verbs: \[get, create\], resourceNames: \[web\]/,
    });
  });

  test('and may look into another pod only is refused for this one', async () => {
    const { kubeconfigPath } = await makeAccount(cluster, namespace, named);
    const args = ['scan', 'other', '-n', namespace, '-p', profiles.firstLook, '--access', 'existing'];
    expectUnreached(await cincScan(cluster, [...args, '--kubeconfig', kubeconfigPath]), {
      code: 'CLUSTER_FORBIDDEN',
      exit: 4,
      message: /pods "other" is forbidden/,
      remedy: /\S/,
    });
  });
});
