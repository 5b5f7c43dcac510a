// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { dump, load } from 'js-yaml';
import { makeAccount, operatorRules } from '../support/accounts.ts';
import { cincScan, profiles, program, type RunOptions, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { makeGrant } from '../support/grant.ts';
import { kubeconfigWith } from '../support/kubeconfig.ts';
import { expectUnreached } from '../support/refusal.ts';
import { takeLeaks } from '../support/taint.ts';

const cluster = await openTestCluster();
const made = { namespace: '', token: '' };

interface Server {
  server: string;
  'certificate-authority-data'?: string;
}
const { clusters } = load(cluster.kubeconfig) as { clusters: [{ cluster: Server }] };
const [{ cluster: server }] = clusters;

beforeAll(async () => {
  made.namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace: made.namespace, containers: { app: 'busybox' } });
  const { kubeconfigPath } = await makeAccount(cluster, made.namespace, operatorRules);
  const { users } = load(readFileSync(kubeconfigPath, 'utf8')) as { users: [{ user: { token: string } }] };
  made.token = users[0].user.token;
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** A command that asks the API server for the pod, and makes nothing. */
const look = (args: string[] = [], options: RunOptions = {}): Promise<Transcript> =>
  cincScan(cluster, ['grant', 'web', '-n', made.namespace, '--print-rbac', ...args], options);

const scan = (...args: string[]) =>
  cincScan(cluster, ['scan', 'web', '-n', made.namespace, '-p', profiles.firstLook, '--report-only', ...args]);

function expectIn(ran: Transcript): void {
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  expect(ran.stdout).toContain('resourceNames:');
}

describe('a way to the cluster is', () => {
  test('a kubeconfig by its path', async () => {
    expectIn(await look(['--kubeconfig', cluster.kubeconfigPath], { env: { KUBECONFIG: '' } }));
  });

  test('a kubeconfig as the content of a variable', async () => {
    expectIn(await look([], { env: { KUBECONFIG: '', CINC_SCAN_KUBECONFIG: cluster.kubeconfig } }));
  });

  test('a context, of several files in KUBECONFIG', async () => {
    const parts = load(cluster.kubeconfig) as { contexts: { name: string }[]; 'current-context': string };
    const [context] = parts.contexts;
    const rest = join(cluster.folder, 'rest.kubeconfig');
    writeFileSync(rest, dump({ ...parts, contexts: [{ ...context, name: 'second' }], 'current-context': '' }));
    const other = join(cluster.folder, 'other.kubeconfig');
    const nowhere = { name: 'nowhere', cluster: { server: 'https://127.0.0.1:1' } };
    writeFileSync(
      other,
      dump({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [nowhere],
        users: [{ name: 'nobody', user: {} }],
        contexts: [{ name: 'first', context: { cluster: 'nowhere', user: 'nobody' } }],
        'current-context': 'first',
      }),
    );
    expectIn(await look(['--context', 'second'], { env: { KUBECONFIG: `${other}:${rest}` } }));
  });

  test('a token instead of credentials, in a file or in a variable', async () => {
    const anonymous = kubeconfigWith(cluster, 'anonymous', { user: {} });
    const file = join(cluster.folder, 'job.token');
    writeFileSync(file, `${made.token}\n`, { mode: 0o600 });
    expect((await look(['--kubeconfig', anonymous])).code).toBe(2);
    expectIn(await look(['--kubeconfig', anonymous, '--token', file]));
    expectIn(await look(['--kubeconfig', anonymous], { env: { CINC_SCAN_TOKEN: made.token } }));
  });

  test('a token in the kubeconfig', async () => {
    expectIn(await look(['--kubeconfig', kubeconfigWith(cluster, 'static', { user: { token: made.token } })]));
  });

  test('a plugin that gives credentials', async () => {
    const plugin = join(cluster.folder, 'plugin.sh');
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' };
    const answer = JSON.stringify({ ...credential, status: { token: made.token } });
    writeFileSync(plugin, `#!/bin/sh\n[ "$1" = for-scans ] && [ "$WHO" = ada ] && cat <<'E'\n${answer}\nE\n`);
    chmodSync(plugin, 0o700);
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: plugin,
      args: ['for-scans'],
      env: [{ name: 'WHO', value: 'ada' }],
      interactiveMode: 'Never',
    };
    expectIn(await look(['--kubeconfig', kubeconfigWith(cluster, 'plugin', { user: { exec } })]));
    writeFileSync(plugin, '#!/bin/sh\necho "sign in first" >&2\nexit 1\n');
    const refused = await scan('--kubeconfig', join(cluster.folder, 'plugin.kubeconfig'));
    expectUnreached(refused, {
      code: 'CLUSTER_UNAUTHORIZED',
      exit: 4,
      message: /The credential plugin \S+plugin\.sh of the kubeconfig ended with 1/,
      remedy: /\S/,
    });
  });

  test('the kubeconfig of a grant, for a scan that makes none', async () => {
    const { file } = await makeGrant(cluster, 'handed', ['web', '-n', made.namespace]);
    expect((await scan('--kubeconfig', file, '--access', 'existing')).code).toBe(0);
    expect((await cincScan(cluster, ['revoke', file])).code).toBe(0);
  });

  test('the account of the pod it runs in', async () => {
    const url = new URL(server.server);
    const ca = Buffer.from(server['certificate-authority-data'] ?? '', 'base64').toString();
    const script = [
      'mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io/serviceaccount',
      'cd /run/secrets/kubernetes.io/serviceaccount',
      'printf %s "$TOKEN" >token && printf %s "$CA" >ca.crt && printf %s "$NAMESPACE" >namespace',
      'unset TOKEN CA && cd "$HOME" && exec "$@"',
    ].join(' && ');
    const command = [...program, 'grant', 'web', '--print-rbac'];
    // A mount namespace of its own: the path of the account is fixed.
    const child = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: cluster.folder,
        TOKEN: made.token,
        CA: ca,
        NAMESPACE: made.namespace,
        KUBERNETES_SERVICE_HOST: url.hostname,
        KUBERNETES_SERVICE_PORT: url.port || '443',
      },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
    await once(child, 'close');
    expect(text).toContain(`namespace: ${made.namespace}`);
    expect(child.exitCode).toBe(0);
  });
});

describe('the certificate of the API server', () => {
  test('is compared with the name that the kubeconfig tells', async () => {
    const named = kubeconfigWith(cluster, 'named', { server: { ...server, 'tls-server-name': 'no.such.name' } });
    expectUnreached(await scan('--kubeconfig', named), {
      code: 'CLUSTER_UNREACHABLE',
      exit: 4,
      message: /no\.such\.name/,
      remedy: /\S/,
    });
    const names = cluster.embedded === undefined ? 'kubernetes.default.svc' : 'localhost';
    const right = kubeconfigWith(cluster, 'right', { server: { ...server, 'tls-server-name': names } });
    expectIn(await look(['--kubeconfig', right]));
  });

  test('is refused where nobody vouches for it', async () => {
    const lonely = kubeconfigWith(cluster, 'lonely', { server: { server: server.server } });
    expectUnreached(await scan('--kubeconfig', lonely), {
      code: 'CLUSTER_UNREACHABLE',
      exit: 4,
      message: /certificate/,
      remedy: /\S/,
    });
  });

  test('is not looked at only where the kubeconfig says so by name, and every surface tells', async () => {
    const insecure = kubeconfigWith(cluster, 'insecure', {
      server: { server: server.server, 'insecure-skip-tls-verify': true },
    });
    const ran = await scan('--kubeconfig', insecure);
    expect(ran.code).toBe(0);
    const warning = 'The certificate of the API server is not checked';
    const report = (name: string) => readFileSync(join(ran.cwd, 'cinc-scan-results', name), 'utf8');
    expect(ran.stderr).toContain(warning);
    expect(ran.stdout).toContain(warning);
    expect(report('summary.md')).toContain(warning);
    expect((JSON.parse(report('scan.json')) as { warnings: string[] }).warnings.join()).toContain(warning);
  });
});

describe('a proxy that the kubeconfig names', () => {
  test('carries requests and streams', async () => {
    const asked: string[] = [];
    const sockets: Duplex[] = [];
    const proxy = createServer().on('connect', (request, socket, head) => {
      asked.push(request.url ?? '');
      const [host, port] = (request.url ?? '').split(':');
      const to = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        to.write(head);
        to.pipe(socket).pipe(to);
      });
      sockets.push(to, socket);
      for (const end of [to, socket]) end.on('error', () => [to, socket].forEach(each => each.destroy()));
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const through = kubeconfigWith(cluster, 'proxy', {
      server: { ...server, 'proxy-url': `http://127.0.0.1:${port}` },
    });
    const ran = await scan('--kubeconfig', through);
    sockets.forEach(socket => socket.destroy());
    await new Promise(resolve => proxy.close(resolve));
    expect({ code: ran.code, leaks: takeLeaks(cluster.folder) }).toEqual({ code: 0, leaks: [] });
    const api = new URL(server.server);
    expect(new Set(asked)).toEqual(new Set([`${api.hostname}:${api.port || 443}`]));
    // Requests of the operator, requests of the scanner, and a stream.
    expect(asked.length).toBeGreaterThan(2);
  });

  test('is named where it does not answer', async () => {
    const through = kubeconfigWith(cluster, 'no-proxy', { server: { ...server, 'proxy-url': 'http://127.0.0.1:1' } });
    expectUnreached(await scan('--kubeconfig', through), {
      code: 'CLUSTER_UNREACHABLE',
      exit: 4,
      message: /ECONNREFUSED 127\.0\.0\.1:1/,
      remedy: /proxy/,
    });
  });
});
