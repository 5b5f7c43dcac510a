// SPDX-License-Identifier: Apache-2.0
// How strong the jail of profile code has to be is asked of the service, whose runner may be on a machine that gives less.
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { cincScan, readScanJson, root } from '../support/cinc-scan.ts';
import { leftObjects, openTestCluster } from '../support/cluster.ts';
import { openShop } from './shop.ts';
import { type Client, type RunningService, startService } from './support.ts';

const cluster = await openTestCluster();
let namespace = '';
let service: RunningService;
let shop: Client;

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  const machine = ['ruby', join(root, 'test/jail/without.rb'), 'seccomp'];
  service = await startService(cluster, 'data', { machine, args: ['--allow-unisolated'] });
  shop = await openShop(service, namespace);
});
afterEach(async () => expect(await leftObjects(cluster.api, [namespace])).toEqual([]));
afterAll(async () => {
  await service.stop();
  await cluster.expectNothingLeft();
  await cluster.close();
});

const ask = (...demand: string[]) =>
  cincScan(
    cluster,
    ['scan', 'pod/web', '-n', namespace, '-p', 'first-look', '--threshold', 'half', '--server', service.url, ...demand],
    { env: { KUBECONFIG: '', CINC_SCAN_SERVER_TOKEN: shop.key } },
  );

test('a demand that the machine of the runner does not meet ends the scan before anything is made', async () => {
  for (const demand of ['partial', 'full']) {
    const ran = await ask('--require-jail', demand);
    expect(ran.code).toBe(5);
    expect(readScanJson(ran).targets[0]?.error).toMatchObject({
      code: 'JAIL_TOO_WEAK',
      message: expect.stringMatching(new RegExp(`none instead of ${demand}: it does not keep .*network`)),
    });
    expect(ran.stderr).not.toMatch(/ServiceAccount|Auditing/);
    const { items } = await shop.call<{ items: object[] }>('GET', '/scans?limit=1');
    expect(items[0]).toMatchObject({ state: 'failed', verdict: null, ask: { 'require-jail': demand }, attempt: 1 });
  }
});

test('no demand is none, and what the profile ran in is said', async () => {
  const ran = await ask('--require-jail', 'none');
  expect(ran.code).toBe(0);
  const { items } = await shop.call<{ items: object[] }>('GET', '/scans?limit=1');
  expect(items[0]).toMatchObject({ state: 'done', verdict: 'pass', isolation: 'none' });
});
