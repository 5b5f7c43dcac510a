// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { createPod, testImage } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { decidingRule, readPolicy, toAudited } from '../support/audit-policy.ts';
import { cincScan, profiles, root } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { makeDeployment } from '../support/deployment.ts';
import { makeGrant } from '../support/grant.ts';

const cluster = await openTestCluster();
const policy = readPolicy(join(root, 'examples/audit/policy.yaml'));

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** The rule that decides about a request like these. */
const levelOf = (method: string, path: string, user = 'ada') =>
  policy.rules[decidingRule(policy, toAudited({ method, path, user, query: '', status: 200, at: new Date() }))]?.level;

describe('the example of an audit policy', () => {
  test('is one, and never records a token or a secret', () => {
    expect(policy).toMatchObject({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] });
    expect(levelOf('POST', '/api/v1/namespaces/shop/serviceaccounts/cinc-scan-a/token')).toBe('Metadata');
    expect(levelOf('POST', '/api/v1/namespaces/shop/serviceaccounts')).toBe('Request');
    expect(levelOf('GET', '/api/v1/namespaces/shop/pods/web/exec', 'system:serviceaccount:shop:cinc-scan-a')).toBe(
      'Metadata',
    );
    expect(levelOf('GET', '/api/v1/namespaces/shop/secrets/db')).toBeUndefined();
    expect(policy.rules.filter(({ level }) => level === 'RequestResponse' || level === 'None')).toEqual([]);
  });

  embeddedTest(
    'records each request of a scan, a grant, a revocation and a sweep, and has no rule for nothing',
    async () => {
      const namespace = await cluster.namespace();
      await makeDeployment(cluster, namespace, 'web');
      await createPod(cluster.api, { name: 'bare', namespace, containers: { app: 'distroless' } });
      cluster.embedded?.requests.clear();
      const scan = ['scan', 'deployment/web', 'bare', '-n', namespace, '-p', profiles.firstLook, '--report-only'];
      expect((await cincScan(cluster, [...scan, '--lens-image', testImage('tools')])).code).toBe(0);
      const { file } = await makeGrant(cluster, 'audited', ['deployment/web', '-n', namespace]);
      expect((await cincScan(cluster, ['revoke', file])).code).toBe(0);
      expect((await cincScan(cluster, ['sweep', '-n', namespace])).code).toBe(0);
      const served = cluster.embedded?.requests.all() ?? [];
      const decided = served.map(request => ({ request, rule: decidingRule(policy, toAudited(request)) }));
      expect(decided.filter(({ rule }) => rule < 0).map(({ request }) => `${request.method} ${request.path}`)).toEqual(
        [],
      );
      expect([...new Set(decided.map(({ rule }) => rule))].toSorted((a, b) => a - b)).toEqual(
        policy.rules.map((_, index) => index),
      );
    },
  );
});
