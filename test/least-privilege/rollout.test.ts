// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { profiles, type Running, startCincScan, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { killPod, makeDeployment, runningPod } from '../support/deployment.ts';
import { rbac } from '../support/grant.ts';

const cluster = await openTestCluster();
let namespace = '';

beforeEach(async () => {
  namespace = await cluster.namespace();
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** Four controls of a second each. */
const scan = (...more: string[]): Running =>
  startCincScan(cluster, ['scan', ...more, '-n', namespace, '-p', profiles.slow, '--controls', '/^step [1-4]$/', '-v']);

interface Manifest {
  warnings: string[];
  targets: { name: string; outcome: string; error: { code: string } | null }[];
}

const manifestOf = ({ cwd }: Transcript): Manifest =>
  JSON.parse(readFileSync(join(cwd, 'cinc-scan-results/scan.json'), 'utf8')) as Manifest;

/** Carries something out after the targets were planned and before the grant is made. */
async function afterPlanning(running: () => Running, change: () => Promise<void>): Promise<Transcript> {
  const match = { method: 'POST', path: /\/serviceaccounts$/ };
  using fault = cluster.embedded?.faults.add({ match, action: { kind: 'delay', ms: 5000 }, times: 1 });
  const { ended } = running();
  await until('the plan', () => Promise.resolve(fault?.hits === 1));
  await change();
  return await ended;
}

async function names(resource: string): Promise<string[]> {
  interface Role {
    rules: { resourceNames: string[] }[];
  }
  const { items = [] } = await cluster.api.call('GET', `${rbac}/namespaces/${namespace}/${resource}`);
  return (items as unknown as Role[]).flatMap(({ rules }) => rules.flatMap(({ resourceNames }) => resourceNames));
}

describe('a pod that its deployment replaces', () => {
  embeddedTest('right after planning is looked at in its new place, and the run says so', async () => {
    const planned = await makeDeployment(cluster, namespace, 'web');
    const ran = await afterPlanning(
      () => scan('deployment/web'),
      () => killPod(cluster.api, namespace, planned),
    );
    const pod = await runningPod(cluster.api, namespace, { app: 'web', other: planned });
    const { targets, warnings } = manifestOf(ran);
    expect(targets).toMatchObject([{ name: `${namespace}/${pod}/app`, outcome: 'audited' }]);
    expect(warnings).toContain(`Pod ${namespace}/${planned} was replaced during the run: ${pod} was looked at instead`);
    expect(ran.stderr).toContain(`${planned} was replaced during the run`);
    expect(ran.code).toBe(0);
  });

  test('in the middle of the look is looked at in its new place, once, with a grant for both names and no others', async () => {
    const planned = await makeDeployment(cluster, namespace, 'web');
    const other = await makeDeployment(cluster, namespace, 'other');
    const running = scan('deployment/web');
    await running.line(/✓ step 1 /);
    await killPod(cluster.api, namespace, planned);
    await running.line(/was replaced during the run/);
    const pod = await runningPod(cluster.api, namespace, { app: 'web', other: planned });
    const granted = await names('roles');
    const ran = await running.ended;
    expect(new Set(granted)).toEqual(new Set([planned, pod]));
    expect(granted).not.toContain(other);
    expect(manifestOf(ran).targets).toMatchObject([{ name: `${namespace}/${pod}/app`, outcome: 'audited' }]);
    expect(ran.code).toBe(0);
  });

  test('gracefully, as a rollout or a drain does, is looked at in its new place while the old one goes', async () => {
    const planned = await makeDeployment(cluster, namespace, { name: 'web', graceSeconds: 20 });
    const running = scan('deployment/web');
    await running.line(/✓ step 1 /);
    await cluster.api.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${planned}`);
    const ran = await running.ended;
    const [target] = manifestOf(ran).targets;
    expect(target).toMatchObject({ outcome: 'audited' });
    expect(target?.name).not.toContain(planned);
    expect(manifestOf(ran).warnings.filter(text => text.includes('was replaced'))).toHaveLength(1);
    expect(ran.code).toBe(0);
  });

  const terminating = { code: 'TARGET_NOT_RUNNING', message: expect.stringContaining('the pod is terminating') };

  test('before the plan, and is named, is not audited without a word', async () => {
    const planned = await makeDeployment(cluster, namespace, { name: 'web', graceSeconds: 20 });
    await cluster.api.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${planned}`);
    const ran = await scan(planned).ended;
    expect(manifestOf(ran).targets).toMatchObject([{ outcome: 'unreached', error: terminating }]);
    expect(ran.code).toBe(4);
  });

  test('by none, because its workload has none any more, is named as one that is terminating', async () => {
    const planned = await makeDeployment(cluster, namespace, { name: 'web', graceSeconds: 20 });
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
    await cluster.api.call('PATCH', path, { spec: { replicas: 0 } });
    await until('its end', async () => {
      const { metadata } = await cluster.api.call('GET', `/api/v1/namespaces/${namespace}/pods/${planned}`);
      return metadata !== undefined && 'deletionTimestamp' in metadata;
    });
    const ran = await scan('deployment/web').ended;
    expect(manifestOf(ran).targets).toMatchObject([
      { name: `${namespace}/${planned}/app`, outcome: 'unreached', error: terminating },
    ]);
    expect(ran.code).toBe(4);
  });

  test('again and again is unreached in the end', async () => {
    const first = await makeDeployment(cluster, namespace, 'web');
    const running = scan('deployment/web');
    await running.line(/✓ step 1 /);
    await killPod(cluster.api, namespace, first);
    await running.line(/was replaced during the run/);
    const second = await runningPod(cluster.api, namespace, { app: 'web', other: first });
    await running.line(new RegExp(`✓ step 1 .*${second}`));
    await killPod(cluster.api, namespace, second);
    const ran = await running.ended;
    const { targets, warnings } = manifestOf(ran);
    expect(targets).toMatchObject([
      { name: `${namespace}/${second}/app`, outcome: 'unreached', error: { code: expect.stringMatching(/^TARGET_/) } },
    ]);
    expect(warnings.filter(text => text.includes('was replaced'))).toHaveLength(1);
    expect(ran.code).toBe(4);
  });
});

describe('a pod that nobody owns', () => {
  embeddedTest('is not replaced, not even by one of the same name', async () => {
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
    const ran = await afterPlanning(
      () => scan('web'),
      async () => {
        await killPod(cluster.api, namespace, 'web');
        await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
      },
    );
    const { targets, warnings } = manifestOf(ran);
    expect(targets).toMatchObject([
      { name: `${namespace}/web/app`, outcome: 'unreached', error: { code: 'TARGET_CHANGED' } },
    ]);
    expect(warnings.filter(text => text.includes('was replaced'))).toEqual([]);
    expect(ran.code).toBe(4);
  });
});
