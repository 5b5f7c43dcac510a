// SPDX-License-Identifier: Apache-2.0
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { profiles, readScanJson, startCincScan } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';

const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

describe('a run that is asked to end', () => {
  test.each([
    ['SIGINT', 130, 'CANCELLED'],
    ['SIGTERM', 143, 'TERMINATED'],
  ] as const)(
    'by %s revokes its grant, reports what it did not audit, and exits with %d',
    async (signal, code, error) => {
      const namespace = await cluster.namespace();
      await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
      const running = startCincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.slow, '-v']);
      await running.line(/✓ step 1 /);
      running.child.kill(signal);
      const ran = await running.ended;
      expect(ran.code).toBe(code);
      expect(ran.stderr).toMatch(/revoking/i);
      expect(readScanJson(ran)).toMatchObject({
        exitCode: code,
        state: 'finished',
        targets: [{ outcome: 'unreached', error: { code: error } }],
        grant: { revoked: true },
      });
    },
  );

  test('before anything was made leaves nothing either', async () => {
    const namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
    const running = startCincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.slow, '-v']);
    await running.line(/Reading the profile/);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
  });
});
