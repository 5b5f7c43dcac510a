// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeAccount } from '../support/accounts.ts';
import { cincScan, root } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { type Asked, askedText, everyQuestion, type Places, toQuestion } from '../support/every-question.ts';
import { rightsTable, tableIn, withTable } from '../support/rights-table.ts';
import { openWithToken, parseGrantKubeconfig, type TokenClient } from '../support/token-client.ts';

const cluster = await openTestCluster();
const page = join(root, 'docs/security.md');
const state: { namespace: string; elsewhere: string; file: string; scanner?: TokenClient; anybody?: TokenClient } = {
  namespace: '',
  elsewhere: '',
  file: join(cluster.folder, 'scanner.kubeconfig'),
};

beforeAll(async () => {
  state.namespace = await cluster.namespace();
  state.elsewhere = await cluster.namespace();
  for (const [namespace, name] of [
    [state.namespace, 'planned'],
    [state.namespace, 'other'],
    [state.elsewhere, 'planned'],
  ] as const)
    await createPod(cluster.api, { name, namespace, containers: { app: 'busybox' } });
  const made = await cincScan(cluster, ['grant', 'planned', '-n', state.namespace, '--out', state.file]);
  expect(made).toMatchObject({ code: 0, stdout: '' });
  const written = parseGrantKubeconfig(readFileSync(state.file, 'utf8'));
  state.scanner = openWithToken(written, written.users[0]?.user.token ?? '');
  const { kubeconfigPath } = await makeAccount(cluster, state.namespace, []);
  const plain = parseGrantKubeconfig(readFileSync(kubeconfigPath, 'utf8'));
  state.anybody = openWithToken(written, plain.users[0]?.user.token ?? '');
}, 120_000);
afterAll(async () => {
  state.scanner?.close();
  state.anybody?.close();
  await cluster.close();
});

const documented = ['get pods (planned pod)', 'get pods/exec (planned pod)', 'create pods/exec (planned pod)'];

async function allowedTo(client: TokenClient | undefined): Promise<Asked[]> {
  if (client === undefined) throw new Error('the identity was not made');
  const { namespace, elsewhere } = state;
  const places: Places = {
    'planned pod': { namespace, name: 'planned' },
    'another pod': { namespace, name: 'other' },
    'no name': { namespace },
    'another namespace': { namespace: elsewhere, name: 'planned' },
    'whole cluster': {},
  };
  const answers = await Promise.all(everyQuestion.map(asked => client.isAllowed(toQuestion(asked, places))));
  return everyQuestion.filter((_, index) => answers[index] === true);
}

describe('the identity of a scan', () => {
  test('may do exactly what is documented, whatever verb is asked about on whatever resource in whatever place', async () => {
    const everybody = new Set((await allowedTo(state.anybody)).map(askedText));
    const allowed = (await allowedTo(state.scanner)).filter(asked => !everybody.has(askedText(asked)));
    expect(allowed.map(askedText)).toEqual(documented);
    // Nothing that concerns a container comes from elsewhere.
    expect([...everybody].filter(text => /pods|secrets|nodes/.test(text))).toEqual([]);
    const table = rightsTable(allowed);
    if (process.env['CINC_SCAN_UPDATE_DOCS'] === '1') writeFileSync(page, withTable(readFileSync(page, 'utf8'), table));
    expect(tableIn(readFileSync(page, 'utf8'))).toBe(table);
  }, 240_000);

  test.each([
    ['GET', 'pods/planned', 200],
    ['GET', 'pods/other', 403],
    ['GET', 'pods', 403],
    ['GET', 'pods?fieldSelector=metadata.name%3Dplanned', 403],
    ['GET', 'pods?watch=true', 403],
    ['GET', 'pods/no-such-pod', 403],
    ['GET', 'pods/planned/log', 403],
    ['GET', 'pods/other/exec?command=id&stdout=true', 403],
    ['POST', 'pods/other/exec?command=id&stdout=true', 403],
    ['GET', 'pods/planned/attach?stdout=true', 403],
    ['GET', 'pods/planned/ephemeralcontainers', 403],
    ['PATCH', 'pods/planned/ephemeralcontainers', 403],
    ['PATCH', 'pods/planned', 403],
    ['PUT', 'pods/planned', 403],
    ['DELETE', 'pods/planned', 403],
    ['DELETE', 'pods', 403],
    ['POST', 'pods', 403],
    ['GET', 'secrets', 403],
    ['GET', 'configmaps', 403],
    ['GET', 'serviceaccounts', 403],
    ['POST', 'serviceaccounts', 403],
    ['POST', 'serviceaccounts/default/token', 403],
  ])('is answered as the authorizer said: %s %s is %d', async (method, path, status) => {
    const sent = await state.scanner?.send(method, `/api/v1/namespaces/${state.namespace}/${path}`, bodyFor(method));
    expect(sent?.status).toBe(status);
  });

  test.each([
    ['GET', '/api/v1/namespaces/ELSEWHERE/pods/planned'],
    ['GET', '/api/v1/pods'],
    ['GET', '/api/v1/nodes'],
    ['GET', '/api/v1/namespaces'],
    ['GET', '/apis/apps/v1/namespaces/NAMESPACE/deployments'],
    ['GET', '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/roles'],
    ['POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/rolebindings'],
    ['GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
    ['GET', '/metrics'],
  ])('is refused elsewhere: %s %s', async (method, template) => {
    const path = template.replace('ELSEWHERE', state.elsewhere).replace('NAMESPACE', state.namespace);
    expect((await state.scanner?.send(method, path, bodyFor(method)))?.status).toBe(403);
  });

  test('is taken back afterwards', async () => {
    const ran = await cincScan(cluster, ['revoke', state.file]);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('the token was tried and refused') });
    await cluster.expectNothingLeft();
  });
});

const bodyFor = (method: string) => (['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined);
