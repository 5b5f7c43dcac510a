// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { makeAccount, operatorRules } from '../support/accounts.ts';
import { cincScan, profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { kubeconfigWith } from '../support/kubeconfig.ts';
import { expectRefused, expectUnreached, scratchLeft } from '../support/refusal.ts';

const cluster = await openTestCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(async () => {
  await cluster.expectNothingLeft();
  expect(scratchLeft(cluster)).toEqual([]);
});
afterAll(() => cluster.close());

/** A scan that would work but for what is added. */
const scanArgs = (...more: string[]) => ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, ...more];

describe('a cluster that cannot be used', () => {
  const kubeconfig = { code: 'KUBECONFIG_INVALID', exit: 2, remedy: /KUBECONFIG|--kubeconfig/ };

  test('by a kubeconfig that is not there', async () => {
    const ran = await cincScan(cluster, scanArgs('--kubeconfig', 'nope'));
    expectRefused(ran, { ...kubeconfig, message: /"nope" does not exist/ });
  });

  test('by no kubeconfig at all', async () => {
    const ran = await cincScan(cluster, scanArgs(), { env: { KUBECONFIG: '' } });
    expectRefused(ran, { ...kubeconfig, message: /There is no kubeconfig/ });
  });

  test('by a kubeconfig that is not one', async () => {
    const cwd = folderWith(cluster, { kubeconfig: '{' });
    const ran = await cincScan(cluster, scanArgs('--kubeconfig', 'kubeconfig'), { cwd });
    expectRefused(ran, { ...kubeconfig, message: /kubeconfig kubeconfig: / });
  });

  test('by a context that it does not have', async () => {
    const ran = await cincScan(cluster, scanArgs('--context', 'moon'));
    expectRefused(ran, { ...kubeconfig, message: /has no context "moon"; it has: \S+/ });
  });

  test('because nobody listens there is out of reach', async () => {
    const path = kubeconfigWith(cluster, 'closed', { server: { server: 'https://127.0.0.1:1' } });
    expectUnreached(await cincScan(cluster, scanArgs('--kubeconfig', path)), {
      code: 'CLUSTER_UNREACHABLE',
      exit: 4,
      message: /https:\/\/127\.0\.0\.1:1.*ECONNREFUSED/,
      remedy: /kubectl get --raw \/version/,
    });
  });

  test('because something else answers there is not believed', async () => {
    const server = createServer((_request, response) => response.end('<html>Sign in</html>'));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const path = kubeconfigWith(cluster, 'portal', {
      server: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
    });
    const ran = await cincScan(cluster, scanArgs('--kubeconfig', path));
    await new Promise(resolve => server.close(resolve));
    expectUnreached(ran, {
      code: 'CLUSTER_REFUSED',
      exit: 4,
      message: /not what Kubernetes documents/,
      remedy: /no proxy answers for it/,
    });
  });

  test('because the credentials have expired says so', async () => {
    const path = kubeconfigWith(cluster, 'expired', { user: { token: 'of-yesterday' } });
    expectUnreached(await cincScan(cluster, scanArgs('--kubeconfig', path)), {
      code: 'CLUSTER_UNAUTHORIZED',
      exit: 4,
      message: /Unauthorized/,
      remedy: /renew the kubeconfig/,
    });
  });

  test('because a right lacks says which', async () => {
    const rules = operatorRules.filter(rule => !rule.resources.includes('pods/exec'));
    const { kubeconfigPath } = await makeAccount(cluster, namespace, rules);
    expectUnreached(await cincScan(cluster, scanArgs('--kubeconfig', kubeconfigPath)), {
      code: 'CLUSTER_FORBIDDEN',
      exit: 4,
      message: /The operator may not: get pods\/exec web in namespace \S+; create pods\/exec web/,
      remedy: /resources: \[pods\/exec\], verbs: \[get, create\], resourceNames: \[web\]/,
    });
  });
});

describe('a target that cannot be looked at', () => {
  test('because the selector matches nothing is refused', async () => {
    const args = ['scan', '-l', 'app=nobody', '-n', namespace, '-p', profiles.firstLook, '-q'];
    expectRefused(await cincScan(cluster, args), {
      code: 'NO_TARGETS',
      exit: 2,
      message: /-l app=nobody matches no running pod in namespace/,
      remedy: /--show-labels/,
    });
  });

  test('because it does not exist is reported as unreached', async () => {
    const args = ['scan', 'wbe', '-n', namespace, '-p', profiles.firstLook];
    expectUnreached(await cincScan(cluster, args), {
      code: 'TARGET_NOT_FOUND',
      exit: 4,
      message: /There is no pod\/wbe in namespace/,
      remedy: /kubectl get pods -n .*; a workload is named with its kind, such as deployment\/\S+$/m,
    });
  });

  test('because the pod has no such container is reported as unreached', async () => {
    expectUnreached(await cincScan(cluster, scanArgs('-c', 'side')), {
      code: 'TARGET_NOT_FOUND',
      exit: 4,
      message: /Container "side" of pod \S+\/web does not exist; the pod has: app/,
      remedy: /\S/,
    });
  });

  test('because it has no shell is reported as unreached', async () => {
    await createPod(cluster.api, { name: 'bare', namespace, containers: { app: 'distroless' } });
    const args = ['scan', 'bare', '-n', namespace, '-p', profiles.firstLook, '--lens', 'exec'];
    expectUnreached(await cincScan(cluster, args), {
      code: 'SHELL_MISSING',
      exit: 4,
      message: /No shell could be started in \S+\/bare\/app/,
      remedy: /--lens debug/,
    });
  });
});

describe('an engine that cannot be used is refused before anything is made in the cluster', () => {
  const engine = { code: 'ENGINE_MISSING', exit: 5 };

  test('because no package is installed', async () => {
    expectRefused(await cincScan(cluster, scanArgs('-q', '--engine', 'system')), {
      ...engine,
      message: /No CINC Auditor package is installed/,
      remedy: /--engine gems/,
    });
  });

  test('because there is no Ruby', async () => {
    expectRefused(await cincScan(cluster, scanArgs('-q', '--engine', 'gems'), { env: { PATH: '/nonexistent' } }), {
      ...engine,
      message: /No usable Ruby/,
      remedy: /Ruby 3\.1/,
    });
  });
});
