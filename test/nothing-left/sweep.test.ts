// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan } from '../support/cinc-scan.ts';
import { leftObjects, openTestCluster } from '../support/cluster.ts';
import { makeGrant, pathsOf, rbac } from '../support/grant.ts';

const cluster = await openTestCluster();
const names = { one: '', two: '' };

beforeAll(async () => {
  for (const key of ['one', 'two'] as const) {
    names[key] = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace: names[key], containers: { app: 'busybox' } });
  }
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const sweep = (...args: string[]) => cincScan(cluster, ['sweep', ...args]);

/** A grant as a killed run leaves it: nobody has its kubeconfig. */
async function leave(runId: string, namespace = names.one, ...more: string[]): Promise<void> {
  const { file } = await makeGrant(cluster, runId, ['web', '-n', namespace, ...more]);
  await rm(file);
}

/** Sets the end that a grant tells of itself. */
async function endAt(runId: string, namespace: string, end: string | null): Promise<void> {
  for (const path of Object.values(pathsOf(runId, namespace)))
    await cluster.api.call('PATCH', path, { metadata: { annotations: { 'cinc-scan.dev/expires-at': end } } });
}

const anHourAgo = () => new Date(Date.now() - 3_600_000).toISOString();
const runsIn = async (namespace: string) =>
  [...new Set((await leftObjects(cluster.api, [namespace])).map(text => text.split('/').at(-1)))].toSorted((a, b) =>
    String(a).localeCompare(String(b)),
  );

describe('cinc-scan sweep', () => {
  test('takes what is over by its own word, and leaves what is not', async () => {
    await leave('over');
    await leave('running');
    await endAt('over', names.one, anHourAgo());
    const asked = await sweep('-n', names.one, '--dry-run');
    expect(asked.stdout.match(/^would delete \S+ \S+\/cinc-scan-over /gm)).toHaveLength(3);
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^3 objects to delete$/m) });
    expect(await runsIn(names.one)).toEqual(['cinc-scan-over', 'cinc-scan-running']);
    expect(await sweep('-n', names.one)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^3 objects deleted$/m),
    });
    expect(await runsIn(names.one)).toEqual(['cinc-scan-running']);
    await sweep('-n', names.one, '--run', 'running');
  });

  test('takes what does not say when it ends: ours always do', async () => {
    await leave('endless');
    await leave('garbled', names.two);
    await endAt('endless', names.one, null);
    await endAt('garbled', names.two, 'soon');
    const ran = await sweep('-n', names.one, '-n', names.two);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^6 objects deleted$/m) });
  });

  test('takes one run, over or not, and no other, when it is named', async () => {
    await leave('first');
    await leave('second');
    await endAt('first', names.one, anHourAgo());
    expect((await sweep('-n', names.one, '--run', 'second')).code).toBe(0);
    expect(await runsIn(names.one)).toEqual(['cinc-scan-first']);
    expect((await sweep('-n', names.one, '--run', 'no-such')).stdout).toBe('0 objects deleted\n');
    expect(await runsIn(names.one)).toEqual(['cinc-scan-first']);
    await sweep('-n', names.one);
  });

  test('takes what is older than it is told', async () => {
    await leave('old');
    const made = Date.now();
    expect((await sweep('-n', names.one, '--older-than', '1h')).stdout).toMatch(/^0 objects deleted$/m);
    // Times of creation have whole seconds.
    await until('the grant to be two seconds old', () => Promise.resolve(Date.now() - made > 2000));
    expect((await sweep('-n', names.one, '--older-than', '1s')).stdout).toMatch(/^3 objects deleted$/m);
  });

  test('takes the account from a namespace of its own too', async () => {
    await leave('apart', names.one, '--grant-namespace', names.two);
    expect((await sweep('-n', names.one, '-n', names.two, '--run', 'apart')).stdout).toMatch(/^3 objects deleted$/m);
  });

  test('looks in the whole cluster when it is told to', async () => {
    await leave('here');
    await leave('there', names.two);
    for (const [runId, namespace] of [
      ['here', names.one],
      ['there', names.two],
    ] as const)
      await endAt(runId, namespace, anHourAgo());
    expect((await sweep('--all-namespaces', '--dry-run')).stdout).toMatch(/^6 objects to delete$/m);
    expect((await sweep('-A')).stdout).toMatch(/^6 objects deleted$/m);
  });

  test('never touches what is of somebody else, whatever it is called', async () => {
    const ours = { 'app.kubernetes.io/managed-by': 'cinc-scan', 'cinc-scan.dev/run': 'foreign' };
    const foreign: [string, string, string, Record<string, string>][] = [
      ['/api/v1', 'ServiceAccount', 'serviceaccounts', {}],
      [rbac, 'Role', 'roles', { 'app.kubernetes.io/managed-by': 'Helm', 'cinc-scan.dev/run': 'foreign' }],
      [rbac, 'RoleBinding', 'rolebindings', { 'cinc-scan.dev/run': 'foreign' }],
      // A Role for operators that a team marked as ours, of no run.
      [rbac, 'Role', 'roles', { 'app.kubernetes.io/managed-by': 'cinc-scan' }],
      // Ours by its labels, and of a kind that we never make.
      ['/api/v1', 'ConfigMap', 'configmaps', ours],
      ['/api/v1', 'Secret', 'secrets', ours],
    ];
    const paths: string[] = [];
    for (const [index, [base, kind, resource, labels]] of foreign.entries()) {
      const name = `cinc-scan-foreign-${index}`;
      const annotations = { 'cinc-scan.dev/expires-at': anHourAgo() };
      const apiVersion = base === rbac ? 'rbac.authorization.k8s.io/v1' : 'v1';
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'none' };
      const rest = { Role: { rules: [] }, RoleBinding: { roleRef, subjects: [] } }[kind] ?? {};
      const body = { apiVersion, kind, metadata: { name, labels, annotations }, ...rest };
      await cluster.api.call('POST', `${base}/namespaces/${names.one}/${resource}`, body);
      paths.push(`${base}/namespaces/${names.one}/${resource}/${name}`);
    }
    for (const args of [[], ['--run', 'foreign'], ['--older-than', '1s'], ['-A']])
      expect(await sweep('-n', names.one, ...args)).toMatchObject({
        code: 0,
        // A cluster that others use has runs that are not over yet, which are told behind it.
        stdout: expect.stringMatching(/^0 objects deleted$/m),
      });
    for (const path of paths) {
      expect((await cluster.api.send('GET', path)).status).toBe(200);
      await cluster.api.call('DELETE', path);
    }
  });
});
