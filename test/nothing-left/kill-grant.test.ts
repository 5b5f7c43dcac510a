// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { type Command, killAtEachRequest } from '../support/kill.ts';

const cluster = await openTestCluster();
const out = (runId: string) => join(cluster.folder, `${runId}.kubeconfig`);
const grant: Command = { namespaces: [], args: () => [] };
// Dozens of runs, one after the other.
const tenMinutes = 600_000;

beforeAll(async () => {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  grant.namespaces = [namespace];
  grant.args = runId => ['grant', 'web', '-n', namespace, '--run-id', runId, '--out', out(runId)];
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

describe('cinc-scan grant, killed outright', () => {
  embeddedTest(
    'before the server heard of any one of its requests, leaves nothing that a sweep does not take',
    async () => {
      const { times, swept, problems } = await killAtEachRequest(cluster, grant, { served: false });
      expect(problems).toEqual([]);
      // Finding the pod, asking for rights, three objects, a token, and asking what it can do.
      expect(times).toBeGreaterThan(20);
      expect(swept).toBeGreaterThan(3);
      // No kubeconfig of a run that did not come to its end, whole or in part.
      expect(Array.from({ length: times }, (_, index) => out(`kill-${index + 1}`)).filter(existsSync)).toEqual([]);
    },
    tenMinutes,
  );

  embeddedTest(
    'after the server carried one of its requests out and before it learned of that, leaves nothing either',
    async () => {
      const match = { path: /\/(serviceaccounts|roles|rolebindings)\b/ };
      const { times, swept, problems } = await killAtEachRequest(cluster, grant, { match, served: true });
      expect(problems).toEqual([]);
      expect({ times, swept }).toEqual({ times: 4, swept: 4 });
    },
    tenMinutes,
  );
});
