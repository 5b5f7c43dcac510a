// SPDX-License-Identifier: Apache-2.0
// `./dev service demo [--port N]`: a service with two teams and some history, beside an embedded cluster of three workloads.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openApi } from './client.ts';
import { createNamespace, createPod, testImage } from './pods.ts';
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

interface Service {
  url: string;
  /** Of the operator. */
  key: string;
  child: ChildProcess;
}

async function startService(data: string, port: string): Promise<Service> {
  const program = join(root, 'packages/service/bin/cinc-scan-service.js');
  const args = ['run', '--data', data, '--port', port, '--allow-unisolated', '--log-level', 'error'];
  // Apart from our terminal, whose Ctrl-C is for us: we end it when its scans can still take back what they made.
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let [url, key]: (string | undefined)[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    url = /^cinc-scan service at (\S+)/.exec(line)?.[1] ?? url;
    key = /(cs_\w+)$/.exec(line)?.[1] ?? key;
    if (url !== undefined && key !== undefined) break;
  }
  if (url === undefined || key === undefined) throw new Error('the service did not start');
  child.stdout.resume();
  return { url, key, child };
}

class Client {
  private readonly url: string;
  private readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own service, whose answers its tests hold to their shapes
    return JSON.parse(text === '' ? 'null' : text) as T;
  }

  /** Asks for a scan and waits for its end. */
  async scan(body: unknown): Promise<{ id: string; state: string; verdict: string | null }> {
    const { id } = await this.call<{ id: string }>('POST', '/scans', body);
    for (;;) {
      const scan = await this.call<{ id: string; state: string; verdict: string | null }>('GET', `/scans/${id}`);
      if (scan.state !== 'queued' && scan.state !== 'running') return scan;
      await new Promise(resolve => setTimeout(resolve, 300));
    }
  }
}

async function filesOf(folder: string): Promise<{ path: string; content: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.map(async path => ({ path: relative(folder, path), content: await readFile(path, 'utf8') })),
  );
}

/** Teams with keys, a profile and a threshold each. Gives the keys. */
async function fillService(operator: Client, url: string): Promise<Map<string, string>> {
  const files = await filesOf(join(root, 'examples/profiles/first-look'));
  const threshold = await readFile(join(root, 'examples/thresholds/no-high-failures.yml'), 'utf8');
  const keys = new Map<string, string>();
  await operator.call('POST', '/clusters', { name: 'demo', credential: 'demo' });
  for (const { name, title } of teams) {
    const { key } = await operator.call<{ key: string }>('POST', '/teams', { name, title, days: 7 });
    await operator.call('PUT', `/clusters/demo/teams/${name}`, { namespaces: [name] });
    const team = new Client(url, key);
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
      const team = new Client(url, keys.get(name) ?? '');
      const { state, verdict } = await team.scan({ ...request, threshold: 'no-high-failures' });
      say(`${name}: pod/${pod}: ${verdict ?? state}`);
    }
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
  const { url, key, child } = await startService(folder, port);
  stack.defer(async () => {
    const exited = once(child, 'exit');
    if (child.kill('SIGTERM')) await exited;
  });
  const keys = await fillService(new Client(url, key), url);
  await makeHistory(url, keys);
  process.stdout.write(whatNow(url, key, keys));
  await ended;
}

const { values } = parseArgs({ options: { port: { type: 'string', default: '8190' } } });
await demo(values.port);
