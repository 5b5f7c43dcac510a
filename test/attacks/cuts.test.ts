// SPDX-License-Identifier: Apache-2.0
// The stream into the container is cut after each number of bytes: in its upgrade, in an answer, between two, after the last.
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { expectTruthOrError, scanWithFault } from './fault-run.ts';
import { sampleOf } from './sample.ts';

const lengths = { 'one stream': 1, 'each stream': Number.POSITIVE_INFINITY };
const steps = Array.from({ length: 144 }, (_, index) => index * 25);
const { cases, title } = sampleOf(
  steps.flatMap(afterBytes => Object.entries(lengths).map(([which, times]) => ({ afterBytes, which, times }))),
);

const cluster = await openTestCluster();
let namespace = '';
beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

describe(`a stream that is cut (${title})`, () => {
  for (const { afterBytes, which, times } of cases)
    embeddedTest(`after ${afterBytes} bytes of ${which} gives the truth or an error`, async () => {
      const match = { method: 'GET', path: new RegExp(`/namespaces/${namespace}/pods/web/exec`) };
      expectTruthOrError(
        await scanWithFault(cluster, namespace, { match, action: { kind: 'cut', afterBytes }, times }),
      );
    });
});
