// SPDX-License-Identifier: Apache-2.0
// `./dev service demo [--port N]`: a service with two teams, a schedule and some history, beside an embedded cluster of three workloads.
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openApi } from './client.ts';
import { createNamespace, createPod, testImage } from './pods.ts';
import { filesOf, ServiceClient, startShippedService } from './service-process.ts';
import { startCluster } from './start-cluster.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const say = (text: string) => process.stderr.write(`\u001b[36m▸\u001b[0m ${text}\n`);

/** Who runs what: the second team has no say in the first one's namespace. */
const teams = [
  { name: 'shop', title: 'Web shop', pods: ['debian', 'debian-defects'] },
  { name: 'bank', title: 'Payments', pods: ['busybox'] },
];

async function fillCluster(kubeconfig: string): Promise<void> {
  const api = openApi(kubeconfig);
  for (const { name: namespace, pods } of teams) {
    await createNamespace(api, namespace);
    for (const pod of pods)
      await createPod(api, { name: pod, namespace, containers: { app: pod }, labels: { app: pod } });
  }
  api.close();
}

/** Teams with keys, a profile and a threshold each. Gives the keys. */
async function fillService(operator: ServiceClient, url: string): Promise<Map<string, string>> {
  const files = await filesOf(join(root, 'examples/profiles/first-look'));
  const threshold = await readFile(join(root, 'examples/thresholds/no-high-failures.yml'), 'utf8');
  const keys = new Map<string, string>();
  await operator.call('POST', '/clusters', { name: 'demo', credential: 'demo' });
  for (const { name, title } of teams) {
    const { key } = await operator.call<{ key: string }>('POST', '/teams', { name, title, days: 7 });
    await operator.call('PUT', `/clusters/demo/teams/${name}`, { namespaces: [name] });
    const team = new ServiceClient(url, key);
    await team.call('POST', '/profiles', { name: 'first-look', version: '1.0.0', files });
    await team.call('POST', '/profiles/first-look/1.0.0/approve');
    await team.call('POST', '/thresholds', { name: 'no-high-failures', content: threshold });
    keys.set(name, key);
  }
  return keys;
}

async function makeHistory(url: string, keys: Map<string, string>): Promise<void> {
  for (const { name, pods } of teams)
    for (const pod of [...pods, 'no-such-pod']) {
      const request = { namespace: [name], targets: [`pod/${pod}`], profile: ['first-look'] };
      const team = new ServiceClient(url, keys.get(name) ?? '');
      const { state, verdict } = await team.scan({ ...request, threshold: 'no-high-failures' });
      say(`${name}: pod/${pod}: ${verdict ?? state}`);
    }
}

/** The first team scans its first pod every night, by the clocks of Berlin. */
async function makeSchedule(url: string, keys: Map<string, string>): Promise<void> {
  const [first] = teams;
  if (first === undefined) return;
  const { name, pods } = first;
  const scan = { namespace: [name], targets: pods.map(pod => `pod/${pod}`), profile: ['first-look'] };
  const schedule = { name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin', jitter: '15m', scan };
  const { next } = await new ServiceClient(url, keys.get(name) ?? '').call<{ next: string[] }>(
    'POST',
    '/schedules',
    schedule,
  );
  say(`${name}: schedule nightly, next at ${next[0]}`);
}

function whatNow(url: string, operator: string, keys: Map<string, string>): string {
  const [[team, key] = ['', '']] = keys;
  const lines = [['operator', operator], ...keys].map(([name = '', text = '']) => `  ${name.padEnd(9)}${text}`);
  return `The service is ready at ${url}. Keys, for this demonstration alone:
${lines.join('\n')}
Try, as ${team}:
  curl -H 'Authorization: Bearer ${key}' ${url}/api/v1/scans
Ctrl-C ends the service and the cluster.
`;
}

async function demo(port: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cinc-scan-service-demo-'));
  // Before anything is started: whoever ends us meanwhile finds nothing left.
  const ended = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  say('Starting the embedded cluster: a Kubernetes API on loopback with real containers');
  const images = teams.flatMap(({ pods }) => pods.map(testImage));
  const cluster = stack.use(await startCluster({ images }));
  await fillCluster(cluster.kubeconfig);
  await mkdir(join(folder, 'credentials'), { mode: 0o700 });
  await writeFile(join(folder, 'credentials/demo'), cluster.kubeconfig, { mode: 0o600 });
  say('Starting the service, with two teams and some scans');
  const { url, key, child } = await startShippedService(folder, { port });
  stack.defer(async () => {
    const exited = once(child, 'exit');
    if (child.kill('SIGTERM')) await exited;
  });
  const keys = await fillService(new ServiceClient(url, key), url);
  await makeHistory(url, keys);
  await makeSchedule(url, keys);
  process.stdout.write(whatNow(url, key, keys));
  await ended;
}

const { values } = parseArgs({ options: { port: { type: 'string', default: '8190' } } });
await demo(values.port);
