// SPDX-License-Identifier: Apache-2.0
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect } from '@jest/globals';
import { cincScan, profiles, readScanJson } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { scanArgs } from '../support/lens-scan.ts';

const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

embeddedTest(
  'targets side by side each keep the right that was added for them, whichever request arrives first',
  async () => {
    const namespace = await cluster.namespace();
    for (const name of ['web', 'other'])
      await createPod(cluster.api, { name, namespace, containers: { app: 'distroless' } });
    const late = (match: { method: string; path: RegExp }, ms: number) =>
      cluster.embedded?.faults.add({ match, action: { kind: 'delay', ms } });
    const first = { method: 'PATCH', path: /\/roles\//, nth: 1 };
    using held = late(first, 500);
    // So that the right of the second target is not used before the request for the first one arrives.
    using _ = late({ method: 'POST', path: /selfsubjectrulesreviews/ }, 500);
    const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook, 'other', '--lens', 'debug'));
    expect(held?.hits).toBe(1);
    expect(readScanJson(ran).targets).toMatchObject([
      { error: null, outcome: 'audited', observation: { lens: 'debug' } },
      { error: null, outcome: 'audited', observation: { lens: 'debug' } },
    ]);
  },
);
