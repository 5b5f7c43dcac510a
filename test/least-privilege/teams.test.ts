// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, testImage } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { load, loadAll } from 'js-yaml';
import { makeAccount, type Rule } from '../support/accounts.ts';
import { cincScan, profiles, root, startCincScan } from '../support/cinc-scan.ts';
import { openTestCluster, type TestCluster } from '../support/cluster.ts';
import { makeDeployment } from '../support/deployment.ts';
import { pathsOf } from '../support/grant.ts';
import { expectUnreached } from '../support/refusal.ts';

const cluster: TestCluster = await openTestCluster();
const [role] = loadAll(readFileSync(join(root, 'examples/teams/operator.yaml'), 'utf8')) as [{ rules: Rule[] }];

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const sorted = (rules: Rule[]) =>
  rules
    .map(({ apiGroups, resources, verbs }) => `${apiGroups.join()} ${resources.join()}: ${verbs.toSorted().join()}`)
    .toSorted();

describe("a team's operator", () => {
  test('has the Role that the command prints', async () => {
    const printed = await cincScan(cluster, ['access', 'operator-role', '-n', 'payments']);
    expect(load(printed.stdout)).toMatchObject({
      kind: 'Role',
      metadata: { name: 'cinc-scan-operator', namespace: 'payments' },
    });
    expect(sorted((load(printed.stdout) as { rules: Rule[] }).rules)).toEqual(sorted(role.rules));
    expect(JSON.stringify(role.rules)).not.toMatch(/escalate|"bind"|"\*"/);
  });

  test('can scan, grant, revoke and sweep with it in its namespace, and nothing in another', async () => {
    const namespace = await cluster.namespace();
    const foreign = await cluster.namespace();
    await makeDeployment(cluster, namespace, 'web');
    await createPod(cluster.api, { name: 'web', namespace: foreign, containers: { app: 'busybox' } });
    const { kubeconfigPath } = await makeAccount(cluster, namespace, role.rules);
    const as = (...args: string[]) => cincScan(cluster, args, { env: { KUBECONFIG: kubeconfigPath } });
    expect((await as('doctor', '-n', namespace)).code).toBe(0);
    const scan = ['-p', profiles.firstLook, '--report-only', '--lens-image', testImage('tools')];
    expect((await as('scan', 'deployment/web', '-n', namespace, ...scan)).code).toBe(0);
    const out = join(cluster.folder, 'team.kubeconfig');
    expect((await as('grant', 'deployment/web', '-n', namespace, '--out', out)).code).toBe(0);
    expect((await as('revoke', out)).code).toBe(0);
    expect((await as('sweep', '-n', namespace)).code).toBe(0);
    expectUnreached(await as('scan', 'web', '-n', foreign, ...scan), {
      code: 'CLUSTER_FORBIDDEN',
      exit: 4,
      message: /cannot get resource "pods"/,
      remedy: /operator-role/,
    });
  });

  test('finds its grants by their labels', async () => {
    const namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
    const args = ['scan', 'web', '-n', namespace, '-p', profiles.slow, '-v', '--run-id', 'labelled'];
    const running = startCincScan(cluster, [...args, '--grant-labels', 'team=payments,owner=ada']);
    await running.line(/session into/);
    for (const path of Object.values(pathsOf('labelled', namespace)))
      expect((await cluster.api.call('GET', path)).metadata?.labels).toMatchObject({ team: 'payments', owner: 'ada' });
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
  });
});
