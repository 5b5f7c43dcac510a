// SPDX-License-Identifier: Apache-2.0
// What cannot be looked at is named, and keeps nothing else from being looked at.
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { makeAccount, operatorRules } from '../support/accounts.ts';
import { cincScan, readScanJson, root, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { makeDeployment } from '../support/deployment.ts';

const cluster = await openTestCluster();
const tiny = `${root}test/fixtures/profiles/tiny`;
let [mine, theirs] = ['', ''];
beforeAll(async () => {
  [mine, theirs] = [await cluster.namespace(), await cluster.namespace()];
  for (const namespace of [mine, theirs])
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' }, labels: { tier: 'web' } });
  const containers = { main: 'busybox', side: 'busybox' };
  await createPod(cluster.api, { name: 'two', namespace: mine, containers, labels: { tier: 'web' } });
  await makeDeployment(cluster, mine, 'api');
  await makeDeployment(cluster, mine, 'zero');
  const zero = `/apis/apps/v1/namespaces/${mine}/deployments/zero`;
  await cluster.api.call('PATCH', zero, { spec: { replicas: 0 } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const found = (ran: Transcript) =>
  readScanJson(ran)
    .targets.map(({ name, outcome, error }) => `${name} ${error?.code ?? outcome}`)
    .toSorted();

describe('a run over several places', () => {
  test('looks into the namespaces where it may, and names the others with what is missing there', async () => {
    const { kubeconfigPath } = await makeAccount(cluster, mine, operatorRules);
    const args = ['scan', 'web', '-n', mine, '-n', theirs, '-p', tiny, '--kubeconfig', kubeconfigPath];
    const ran = await cincScan(cluster, args);
    expect(ran.code).toBe(4);
    expect(found(ran)).toEqual([`${mine}/web/app audited`, `${theirs}/pod/web CLUSTER_FORBIDDEN`].toSorted());
    const [refused] = readScanJson(ran).targets.filter(({ error }) => error !== null);
    expect(refused?.error?.message).toContain(theirs);
  });

  test('looks into what it may where a namespace lets it see pods and make no identity', async () => {
    const account = await makeAccount(cluster, mine, operatorRules);
    const [, , namespace = '', user = ''] = account.user.split(':');
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${theirs}`;
    const metadata = { name: 'reader', namespace: theirs };
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    await cluster.api.call('POST', `${rbac}/roles`, { apiVersion, kind: 'Role', metadata, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
    const subjects = [{ kind: 'ServiceAccount', name: user, namespace }];
    await cluster.api.call('POST', `${rbac}/rolebindings`, {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef,
      subjects,
    });
    const args = ['scan', 'web', '-n', mine, '-n', theirs, '-p', tiny, '--kubeconfig', account.kubeconfigPath];
    const ran = await cincScan(cluster, args);
    expect(ran.code).toBe(4);
    expect(found(ran)).toEqual([`${mine}/web/app audited`, `${theirs}/web/app CLUSTER_FORBIDDEN`].toSorted());
  });

  test('looks at the others where one workload has no pods', async () => {
    const ran = await cincScan(cluster, ['scan', 'deployment/zero', 'web', '-n', mine, '-p', tiny]);
    expect(ran.code).toBe(4);
    expect(found(ran)).toEqual([`${mine}/deployment/zero TARGET_NOT_RUNNING`, `${mine}/web/app audited`]);
  });

  test('looks at the others where one pod has several containers and none was named', async () => {
    const ran = await cincScan(cluster, ['scan', '-l', 'tier=web', '-n', mine, '-p', tiny]);
    expect(ran.code).toBe(4);
    expect(found(ran)).toEqual([`${mine}/two/main CONTAINER_UNNAMED`, `${mine}/web/app audited`]);
    expect(ran.stdout).toMatch(/two has several containers \(main, side\)/);
  });
});

describe('a mistake that leaves nothing to look at', () => {
  test.each([
    ['one workload without pods', ['deployment/zero'], 'NO_TARGETS'],
    ['one pod with several containers', ['two'], 'INPUT_INVALID'],
  ])('is refused: %s', async (_, targets, code) => {
    const ran = await cincScan(cluster, ['scan', ...targets, '-n', mine, '-p', tiny]);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining(code) });
  });
});

describe('cinc-scan doctor', () => {
  test('asks for what the scan of these targets needs, as the scan does', async () => {
    const { kubeconfigPath } = await makeAccount(cluster, mine, operatorRules);
    const as = (...args: string[]) => cincScan(cluster, [...args, '-n', mine, '--kubeconfig', kubeconfigPath]);
    expect((await as('doctor', 'web')).code).toBe(0);
    const asked = await as('doctor', 'deployment/api');
    expect(asked).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(/may not: get deployments\.apps|deployments/),
    });
    expect((await as('scan', 'deployment/api', '-p', tiny)).code).toBe(4);
    expect((await as('doctor')).code).toBe(4);
  });

  test('finds out that a namespace is not there', async () => {
    const ran = await cincScan(cluster, ['doctor', '-n', 'cst-nowhere']);
    expect(ran).toMatchObject({ code: 4, stdout: expect.stringContaining('There is no namespace "cst-nowhere"') });
  });
});
