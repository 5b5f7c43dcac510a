// SPDX-License-Identifier: Apache-2.0
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ActionUse, type Step } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { profiles } from '../support/cinc-scan.ts';
import { embeddedTest, leftObjects, openTestCluster } from '../support/cluster.ts';
import { githubToken, startGithub } from '../support/github.ts';

builtDist();
const cluster = await openTestCluster();
const place = installAction(cluster.folder);
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const use = (inputs: Record<string, string> = {}, step: Step = {}) =>
  new ActionUse(cluster, place, {
    ...step,
    inputs: { profile: profiles.slow, namespace, targets: 'web', 'log-level': 'verbose', ...inputs },
  });

describe.each([
  ['SIGINT', 130, 'CANCELLED'],
  ['SIGTERM', 143, 'TERMINATED'],
] as const)('%s while a target is audited', (signal, code, reason) => {
  test('revokes, sets the outputs and leaves nothing to the post step', async () => {
    const action = use();
    const running = action.start('main');
    await running.said(/session into/);
    running.child.kill(signal);
    const main = await running.ended;
    expect(main.code).toBe(code);
    expect(main.outputs).toMatchObject({ verdict: 'error', reason, 'exit-code': `${code}` });
    expect(main.state['objects']).toBe('');
    expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
    const post = await action.post();
    expect(post.log).toContain('nothing is left to take back');
    expect(post.code).toBe(0);
  });
});

test('SIGINT, then SIGTERM, then SIGKILL, as the runner cancels: the post step takes back what is left', async () => {
  const action = use();
  const running = action.start('main');
  await running.said(/session into/);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) running.child.kill(signal);
  const main = await running.ended;
  expect(main.signal).toBe('SIGKILL');
  const left = await leftObjects(cluster.api, [namespace]);
  expect(left).toHaveLength(3);
  const post = await action.post();
  expect(post.code).toBe(0);
  expect(post.log).toContain('the temporary identity is gone');
  expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
});

// ServiceAccount, Role, RoleBinding: the state was saved before each of them.
const creates = { method: 'POST', path: /\/(serviceaccounts|roles|rolebindings)(\?|$)/ };

describe.each([1, 2, 3])('killed at the making of object %i', nth => {
  for (const served of [true, false])
    embeddedTest(`that the server ${served ? 'has' : 'has not'} made: the post step leaves nothing`, async () => {
      const action = use();
      const fault = cluster.embedded?.faults.add({ match: { ...creates, nth }, action: { kind: 'hold', served } });
      const running = action.start('main');
      await until(`object ${nth}`, () => Promise.resolve(fault?.hits === 1));
      running.child.kill('SIGKILL');
      const main = await running.ended;
      fault?.remove();
      expect(JSON.parse(main.state['objects'] ?? '')).toHaveLength(nth);
      expect((await action.post()).code).toBe(0);
    });
});

test('the state has names and no token', async () => {
  const running = use();
  const step = running.start('main');
  await step.said(/session into/);
  step.child.kill('SIGKILL');
  const { state } = await step.ended;
  expect(Object.keys(state)).toEqual(['objects']);
  for (const object of JSON.parse(state['objects'] ?? '') as Record<string, string>[])
    expect(Object.keys(object).toSorted()).toEqual(['kind', 'name', 'namespace']);
  await running.post();
});

embeddedTest('a post step that cannot revoke fails loudly and names what is left', async () => {
  const action = use();
  const running = action.start('main');
  await running.said(/session into/);
  running.child.kill('SIGKILL');
  await running.ended;
  const fault = cluster.embedded?.faults.add({
    match: { method: 'DELETE' },
    action: { kind: 'status', code: 403 },
  });
  const post = await action.post();
  fault?.remove();
  const [error] = post.commands.filter(({ name }) => name === 'error');
  expect(post.code).toBe(4);
  expect(error?.properties['title']).toContain('GRANT_NOT_REVOKED');
  expect(error?.message).toMatch(/RoleBinding .*\/cinc-scan-/);
  // A second try takes it away.
  expect((await action.again('post')).code).toBe(0);
});

embeddedTest('what could neither be made nor be taken back is remembered for the post step', async () => {
  const action = use();
  const status = (method: string, path: RegExp) =>
    cluster.embedded?.faults.add({ match: { method, path }, action: { kind: 'status', code: 500 } });
  const faults = [status('POST', /\/token$/), status('DELETE', /./)];
  const running = action.start('main');
  const main = await running.ended;
  expect(main.outputs).toMatchObject({ reason: 'GRANT_NOT_REVOKED', 'exit-code': '4' });
  expect(main.state['objects']).toContain('RoleBinding');
  for (const fault of faults) fault?.remove();
  expect(await leftObjects(cluster.api, [namespace])).toHaveLength(3);
  const post = await action.post();
  expect(post.log).toContain('the temporary identity is gone');
  expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
});

describe('with a token of the workflow', () => {
  embeddedTest('main and post sign in with OIDC tokens of their own', async () => {
    const github = await startGithub();
    try {
      github.oidcToken = cluster.embedded?.adminToken ?? '';
      const action = use({ audience: 'https://cluster.example', 'github-token': githubToken }, { env: github.env() });
      const running = action.start('main');
      await running.said(/session into/);
      running.child.kill('SIGKILL');
      await running.ended;
      const before = github.asked.length;
      expect((await action.post()).code).toBe(0);
      const asked = github.asked.filter(({ path }) => path.includes('audience=https%3A%2F%2Fcluster.example'));
      expect(asked.length).toBeGreaterThanOrEqual(2);
      expect(github.asked.length).toBeGreaterThan(before);
    } finally {
      await github.close();
    }
  });

  test('a job without the permission is told which', async () => {
    const main = await use({ audience: 'https://cluster.example' }).main();
    expect(main.code).toBe(4);
    const [error] = main.commands.filter(({ name }) => name === 'error');
    expect(error?.message).toContain('permissions: id-token: write');
  });
});
