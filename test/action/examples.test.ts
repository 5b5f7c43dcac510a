// SPDX-License-Identifier: Apache-2.0
// Each workflow of examples/github does on a cluster what its reader is promised: its step is run with what it gives.
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { podBody, testImage } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { load } from 'js-yaml';
import { ActionUse, type Ended } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { profiles, root } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { runningPod } from '../support/deployment.ts';
import { exampleInputs } from '../support/example-step.ts';
import { folderWith } from '../support/folder.ts';
import { type Github, githubToken, startGithub } from '../support/github.ts';

builtDist();
const cluster = await openTestCluster();
const place = installAction(cluster.folder);
const labels = { app: 'web', 'app.kubernetes.io/part-of': 'shop', 'app.kubernetes.io/managed-by': 'Helm' };
const waivers =
  'account-single-root:\n  run: true\n  expiration_date: 2099-12-31\n  justification: "known; owner: ada"\n';
let workspace = '';
/** The one that stands for each of the workflows' namespaces. */
let shop = '';
let github: Github;

beforeAll(async () => {
  shop = await cluster.namespace();
  await makeDeployment(shop, 'web', 'debian');
  await makeDeployment(shop, 'api', 'distroless');
  workspace = folderWith(cluster, {
    'threshold.yml': 'compliance:\n  min: 90\n',
    'waivers.yml': waivers,
    'cluster.kubeconfig': withoutUser(cluster.kubeconfig),
  });
  cpSync(profiles.firstLook, join(workspace, 'profile'), { recursive: true });
});
beforeEach(async () => {
  github = await startGithub();
  github.oidcToken = cluster.embedded?.adminToken ?? '';
});
afterEach(async () => {
  await github.close();
  await cluster.expectNothingLeft();
});
afterAll(() => cluster.close());

async function makeDeployment(namespace: string, name: string, image: string): Promise<void> {
  const each = name === 'web' ? labels : { app: name };
  const { spec } = podBody({ name, namespace, containers: { app: image } });
  await cluster.api.call('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: { metadata: { labels: each }, spec } },
  });
  await runningPod(cluster.api, namespace, { app: name, other: undefined });
}

/** Server and authority alone, as a repository may hold them. */
function withoutUser(kubeconfig: string): string {
  const document = load(kubeconfig) as { users: { user: object }[] };
  for (const each of document.users) each.user = {};
  return JSON.stringify(document);
}

/** What the runner fills in. */
const filled: Record<string, string> = {
  'secrets.KUBECONFIG': cluster.kubeconfig,
  'secrets.kubeconfig': cluster.kubeconfig,
  'inputs.tools-image': testImage('tools'),
  'inputs.targets': 'deployment/web',
  'inputs.namespace': 'shop',
  'inputs.profile': './profile',
  'inputs.threshold': '',
  'matrix.namespace': 'shop',
};

const namespaces = ['shop', 'default'];

const inputsOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(exampleInputs(name, filled)).map(([key, text]) => [
      key,
      key === 'namespace' && namespaces.includes(text) ? shop : text,
    ]),
  );

const event = {
  pull_request: {
    number: 7,
    head: { repo: { full_name: 'example/shop' } },
    base: { repo: { full_name: 'example/shop' } },
  },
};

function run(name: string): Promise<Ended> {
  const inputs = { ...inputsOf(name), 'github-token': githubToken };
  return new ActionUse(cluster, place, { inputs, workspace, env: github.env(), event }).main();
}

/** What a workflow promises beside a verdict. */
const promises: Record<string, (ended: Ended) => void> = {
  'kind.yml': () => undefined,
  'oidc.yml'(ended) {
    expect(github.asked.some(({ path }) => path.includes('audience='))).toBe(true);
    expect(github.sarif).toHaveLength(1);
    expect(JSON.parse(ended.outputs['targets-json'] ?? '')).toHaveLength(1); // named twice, scanned once
  },
  'matrix.yml'(ended) {
    expect(ended.outputs['report-junit']).toBe('cinc-scan-results/junit.xml');
    expect(github.artifacts.size).toBe(1);
  },
  'distroless.yml'() {
    expect(readFileSync(join(workspace, 'cinc-scan-results/scan.json'), 'utf8')).toContain('"lens": "debug"');
  },
  'pull-request.yml'() {
    expect(github.comments).toHaveLength(1);
  },
  'drift.yml'(ended) {
    expect(ended.code).toBe(0);
    expect(github.sarif).toHaveLength(1);
    expect(github.artifacts.size).toBe(1);
  },
  'reusable.yml': ended => expect(ended.outputs['compliance']).not.toBe(''),
};

// server.yml asks a service, and is run in server.test.ts.
for (const name of readdirSync(join(root, 'examples/github')).filter(each => each !== 'server.yml'))
  embeddedTest(`${name} gives a verdict and keeps its promise`, async () => {
    if (name === 'pull-request.yml') await keepBaseline();
    const ended = await run(name);
    expect(ended.log).toMatch(/(PASS|FAIL) \(exit [03]\)/);
    expect(ended.outputs['verdict']).toMatch(/^(pass|fail)$/);
    promises[name]?.(ended);
    expect(Object.keys(promises)).toContain(name);
  });

/** The result of an earlier run, as the repository would keep it. */
async function keepBaseline(): Promise<void> {
  const inputs = { targets: 'deployment/web', namespace: shop, profile: './profile' };
  const kept = { ...inputs, 'output-dir': '.cinc-scan/baseline' };
  await new ActionUse(cluster, place, { inputs: kept, workspace }).main();
}
