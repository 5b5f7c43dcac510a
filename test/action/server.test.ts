// SPDX-License-Identifier: Apache-2.0
// The action as bundled asks the scan service as shipped, with the ID token that GitHub gives to the run and nothing else: the
// workflow of examples/github/server.yml, and the ends that a job can have.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, podBody } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startIssuer, type TestIssuer } from '../../packages/service/src/testing/test-issuer.ts';
import { CuttingProxy } from '../service/cutting-proxy.ts';
import { openShop, registerIssuer } from '../service/shop.ts';
import { type Client, type RunningService, startService } from '../service/support.ts';
import { ActionUse, type Ended } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { cincScan, profiles, readHdf } from '../support/cinc-scan.ts';
import { leftObjects, openTestCluster } from '../support/cluster.ts';
import { runningPod } from '../support/deployment.ts';
import { exampleInputs, isOurs, workflowOf } from '../support/example-step.ts';
import { folderWith } from '../support/folder.ts';
import { type Github, startGithub } from '../support/github.ts';

builtDist();
const cluster = await openTestCluster();
const place = installAction(cluster.folder);
let namespace = '';
let service: RunningService;
let shop: Client;
let issuer: TestIssuer;
let github: Github;

/** As GitHub has them: https://docs.github.com/actions/reference/security/oidc */
const claims = {
  sub: 'repo:example/shop:ref:refs/heads/main',
  repository: 'example/shop',
  repository_owner: 'example',
  ref: 'refs/heads/main',
  event_name: 'push',
};

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'pod', namespace, containers: { app: 'debian' } });
  const { spec } = podBody({ name: 'web', namespace, containers: { app: 'debian' } });
  const labels = { app: 'web' };
  await cluster.api.call('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  await runningPod(cluster.api, namespace, { app: 'web', other: undefined });
  service = await startService(cluster, 'data', { args: ['--allow-network', '127.0.0.0/8'] });
  shop = await openShop(service, namespace);
  issuer = await startIssuer();
  await registerIssuer(shop, { issuer, claims: { repository: claims.repository, ref: claims.ref } });
});
beforeEach(async () => {
  github = await startGithub();
  github.makeOidcToken = aud => issuer.sign({ ...claims, aud });
});
afterEach(async () => {
  await github.close();
  expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
});
afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
  await service.stop();
  await cluster.expectNothingLeft();
  await cluster.close();
});

const tokenVariables = ['ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'];

/** The environment of a step on a machine without any kubeconfig; a job gets ID tokens by its permission alone. */
function environment(permissions: Record<string, string> | undefined): Record<string, string> {
  const may = permissions?.['id-token'] === 'write';
  const given = Object.entries(github.env()).filter(([name]) => may || !tokenVariables.includes(name));
  return { ...Object.fromEntries(given), KUBECONFIG: '', HOME: folderWith(cluster, {}) };
}

const step = (inputs: Record<string, string>, permissions: Record<string, string> | undefined) =>
  new ActionUse(cluster, place, { inputs, env: environment(permissions) });

const write = { 'id-token': 'write' };
const inputs = (more: Record<string, string> = {}) => ({
  server: service.url,
  namespace,
  targets: 'pod/pod',
  profile: 'first-look',
  ...more,
});

const newestScan = async () =>
  (await shop.call<{ items: { id: string; state: string }[] }>('GET', '/scans?limit=1')).items[0];

describe('the workflow server.yml', () => {
  const workflow = workflowOf('server.yml');

  test('names no credential, and its only permission is that for ID tokens', () => {
    expect(workflow.permissions).toEqual(write);
    expect(JSON.stringify(workflow)).not.toMatch(/kubeconfig|secrets\.|token['"]?:(?! ?"?write)/i);
  });

  test('gets the verdict of a scan from here, step by step', async () => {
    const ended: Ended[] = [];
    for (const { steps, permissions = workflow.permissions } of Object.values(workflow.jobs))
      for (const each of steps) {
        expect(isOurs(each)).toBe(true);
        const given = exampleInputs('server.yml', {});
        expect(given).toMatchObject({ server: 'https://scans.example.org', namespace: 'shop' });
        ended.push(await step({ ...given, server: service.url, namespace }, permissions).main());
      }
    const [ran] = ended;
    if (ran === undefined) throw new Error('no step');
    const threshold = join(folderWith(cluster, { 'half.yml': 'compliance.min: 1\n' }), 'half.yml');
    const here = ['deployment/web', '-n', namespace, '-p', profiles.firstLook, '--threshold', threshold];
    const local = await cincScan(cluster, ['scan', ...here]);
    expect(ran.log).toMatch(/Signed in at http.* of GitHub Actions: team shop, scanner, by rule/);
    expect([ran.code, ran.outputs['verdict']]).toEqual([local.code, 'pass']);
    expect(statuses(ran.workspace)).toEqual(statuses(local.cwd));
  });
});

const statuses = (cwd: string) =>
  [...readHdf({ cwd }).values()].map(({ profiles: [profile] }) =>
    profile?.controls.map(({ id, results }) => [id, results.map(({ status }) => status)]),
  );

describe('a job', () => {
  test('without the permission is told which, and asks nobody', async () => {
    const { code, commands, outputs } = await step(inputs(), {}).main();
    expect([code, outputs['reason']]).toEqual([2, 'INPUT_INVALID']);
    const [error] = commands.filter(({ name }) => name === 'error');
    expect(error?.message).toMatch(/ACTIONS_ID_TOKEN_REQUEST_URL/);
    expect(error?.message).toContain('permissions: id-token: write');
  });

  test('of another branch gets nothing, and hears why', async () => {
    github.makeOidcToken = aud => issuer.sign({ ...claims, ref: 'refs/heads/evil', aud });
    const { code, outputs, log } = await step(inputs(), write).main();
    expect([code, outputs['verdict'], outputs['reason']]).toEqual([4, 'error', 'SERVICE_TOKEN_REFUSED']);
    expect(log).toContain('No rule takes the claims of the token');
  });

  test('has its key and its token in no line, file and output', async () => {
    const tokens: string[] = [];
    github.makeOidcToken = async aud => {
      const token = await issuer.sign({ ...claims, aud });
      tokens.push(token);
      return token;
    };
    const use = step(inputs({ 'log-level': 'debug', reports: 'hdf,markdown,html,junit,sarif' }), write);
    const ended = await use.main();
    expect(tokens).toHaveLength(1);
    const masks = ended.commands.filter(({ name }) => name === 'add-mask').map(({ message }) => message);
    const key = masks.find(mask => mask.startsWith('cs_')) ?? 'no key was masked';
    const visible = [ended.log, ended.summary, JSON.stringify([ended.outputs, ended.state])].join('\n');
    for (const secret of [tokens[0] ?? '', key]) {
      expect(masks).toContain(secret);
      expect(visible).not.toContain(secret);
      const unmasked = ended.raw.split('\n').filter(line => line.includes(secret) && !line.startsWith('::add-mask::'));
      expect(unmasked).toEqual([]);
      for (const path of Object.entries(ended.outputs).filter(([name]) => name.startsWith('report-')))
        if (path[1] !== '') expect(readFileSync(join(use.workspace, path[1]), 'utf8')).not.toContain(secret);
    }
  });

  test('that is cancelled ends its scan', async () => {
    const running = step(inputs({ profile: 'slow' }), write).start('main');
    await running.said(/Auditing/);
    running.child.kill('SIGINT');
    const { code, outputs } = await running.ended;
    expect([code, outputs['reason']]).toEqual([130, 'CANCELLED']);
    const scan = await newestScan();
    expect(await shop.finished(scan?.id ?? '')).toMatchObject({ state: 'cancelled' });
  });

  test('that is killed leaves its scan to the post step, which signs in anew and takes it back', async () => {
    const use = step(inputs({ profile: 'slow' }), write);
    const running = use.start('main');
    await running.said(/Auditing/);
    running.child.kill('SIGKILL');
    const main = await running.ended;
    expect(main.signal).toBe('SIGKILL');
    const scan = await newestScan();
    expect(scan?.state).toBe('running');
    const left = JSON.parse(main.state['scan'] ?? '') as Record<string, string>;
    expect(left).toEqual({
      server: service.url,
      scan: scan?.id,
      key: expect.stringMatching(/^cinc-scan-[0-9a-f-]{36}$/),
    });
    const before = github.asked.length;
    const post = await use.post();
    expect([post.code, github.asked.length]).toEqual([0, before + 1]);
    expect(post.log).toContain(`Scan ${scan?.id} is cancelled`);
    expect(await shop.finished(scan?.id ?? '')).toMatchObject({ state: 'cancelled' });
  });

  test('that is killed before it has heard of its scan leaves the key under which it was asked for', async () => {
    await using proxy = await CuttingProxy.open(service.url);
    const use = step(inputs({ profile: 'slow', server: proxy.url, 'server-audience': service.url }), write);
    const running = use.start('main');
    await running.said(/Signed in/);
    proxy.isClosed = true;
    proxy.cut();
    running.child.kill('SIGKILL');
    const main = await running.ended;
    expect(JSON.parse(main.state['scan'] ?? '')).toMatchObject({
      server: proxy.url,
      key: expect.stringMatching(/^cinc/),
    });
    proxy.isClosed = false;
    const post = await use.post();
    expect([post.code, post.log]).toEqual([0, expect.stringMatching(/Scan [0-9a-f-]{36} is cancelled/)]);
    const scan = await newestScan();
    expect(await shop.finished(scan?.id ?? '')).toMatchObject({ state: 'cancelled' });
  });

  test('that ended leaves nothing to the post step', async () => {
    const use = step(inputs(), write);
    const main = await use.main();
    expect(main.state['scan']).toBe('');
    expect((await use.post()).log).toContain('nothing is left to take back');
  });

  test('whose post step can take nothing back fails loudly, and names the scan', async () => {
    const use = step(inputs({ profile: 'slow' }), write);
    const running = use.start('main');
    await running.said(/Auditing/);
    running.child.kill('SIGKILL');
    await running.ended;
    github.makeOidcToken = aud => issuer.sign({ ...claims, ref: 'refs/heads/evil', aud });
    const post = await use.post();
    const [error] = post.commands.filter(({ name }) => name === 'error');
    expect([post.code, error?.properties['title']]).toEqual([4, expect.stringContaining('SERVICE_TOKEN_REFUSED')]);
    const scan = await newestScan();
    expect(error?.message).toContain(scan?.id);
    await shop.call('POST', `/scans/${scan?.id}/cancel`);
    await shop.finished(scan?.id ?? '');
  });
});
