// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, testImage } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeAccount } from '../support/accounts.ts';
import { cincScan, profiles, root, startCincScan } from '../support/cinc-scan.ts';
import { debugTest, openTestCluster } from '../support/cluster.ts';
import { type Asked, askedText, everyQuestion, type Places, toQuestion } from '../support/every-question.ts';
import { partOf, questionsText, rightsTable, withPart } from '../support/rights-table.ts';
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
});
afterAll(async () => {
  state.scanner?.close();
  state.anybody?.close();
  await cluster.close();
});

const testDebug = debugTest(cluster);
const documented = ['get pods (planned pod)', 'get pods/exec (planned pod)', 'create pods/exec (planned pod)'];
const debugRight = 'patch pods/ephemeralcontainers (planned pod)';

/** Compares a generated part of the page, or writes it when asked to. */
function expectPart(part: string, text: string): void {
  if (process.env['CINC_SCAN_UPDATE_DOCS'] === '1')
    writeFileSync(page, withPart(readFileSync(page, 'utf8'), part, text));
  expect(partOf(readFileSync(page, 'utf8'), part)).toBe(text);
}

/** What a client may do beyond what everybody may. */
async function allowedBeyond(client: TokenClient | undefined): Promise<Asked[]> {
  const everybody = new Set((await allowedTo(state.anybody)).map(askedText));
  // Nothing that concerns a container comes from elsewhere.
  expect([...everybody].filter(text => /pods|secrets|nodes/.test(text))).toEqual([]);
  return (await allowedTo(client)).filter(asked => !everybody.has(askedText(asked)));
}

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
    const allowed = await allowedBeyond(state.scanner);
    expect(allowed.map(askedText)).toEqual(documented);
    expectPart('exec', rightsTable(allowed));
    expectPart('questions', questionsText());
  });

  testDebug(
    'may in addition put a debug container into a planned pod that has no shell, and nothing else',
    async () => {
      const { namespace } = state;
      const args = ['scan', 'planned', '-n', namespace, '-p', profiles.slow, '--run-id', 'debugged', '-v'];
      const running = startCincScan(cluster, [...args, '--lens', 'debug', '--lens-image', testImage('tools')]);
      await running.line(/session into/);
      // The run stands still while another token of its account, like the one it holds, is asked about.
      running.child.kill('SIGSTOP');
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/cinc-scan-debugged/token`;
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
      const { status } = await cluster.api.call('POST', path, body);
      const client = openWithToken(parseGrantKubeconfig(readFileSync(state.file, 'utf8')), String(status?.['token']));
      const allowed = await allowedBeyond(client);
      client.close();
      running.child.kill('SIGCONT');
      running.child.kill('SIGINT');
      expect((await running.ended).code).toBe(130);
      expect(allowed.map(askedText)).toEqual([...documented, debugRight]);
      expectPart('debug', rightsTable(allowed));
    },
    240_000,
  );

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
