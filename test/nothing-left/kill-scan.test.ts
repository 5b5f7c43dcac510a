// SPDX-License-Identifier: Apache-2.0
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { profiles } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { type Command, killAtEachLine, killAtEachRequest } from '../support/kill.ts';

const cluster = await openTestCluster();
const scan: Command = { namespaces: [], args: () => [] };
// Dozens of runs, one after the other.
const tenMinutes = 600_000;

beforeAll(async () => {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  const args = ['scan', 'web', '-n', namespace, '-p', profiles.system, '--controls', 'platform,users,passwd'];
  scan.namespaces = [namespace];
  scan.args = runId => [...args, '--log-format', 'json', '--debug', '--run-id', runId];
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

describe('cinc-scan scan, killed outright', () => {
  embeddedTest(
    'before the server heard of any one of its requests but the questions about rights, leaves nothing that a sweep does not take',
    async () => {
      // Those are asked by the same code as for `cinc-scan grant`, which is killed at each of them.
      const match = { path: /^(?!.*(access|rules)reviews)/ };
      const { times, swept, problems } = await killAtEachRequest(cluster, scan, { match, served: false });
      expect(problems).toEqual([]);
      // The pod, four to make the grant, the look, three deletes, three objects gone, the token tried.
      expect(times).toBeGreaterThan(13);
      expect(swept).toBeGreaterThan(8);
    },
    tenMinutes,
  );

  embeddedTest(
    'after the server carried one of its requests out and before it learned of that, leaves nothing either',
    async () => {
      const match = { path: /\/(serviceaccounts|roles|rolebindings)\b/ };
      const { times, problems } = await killAtEachRequest(cluster, scan, { match, served: true });
      expect(problems).toEqual([]);
      // Four to make the grant; three to delete it and three to see that it is gone.
      expect(times).toBe(10);
    },
    tenMinutes,
  );

  test(
    'at any session, control, outcome or stage it tells of, leaves nothing that a sweep does not take',
    async () => {
      const events = /"event":"(stage|session|control|outcome)"/;
      const { times, problems } = await killAtEachLine(cluster, scan, events);
      expect(problems).toEqual([]);
      expect(times).toBeGreaterThan(8);
    },
    tenMinutes,
  );
});
