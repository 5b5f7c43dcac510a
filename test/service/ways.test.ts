// SPDX-License-Identifier: Apache-2.0
// The way from the command to a scan service: over TLS that somebody has to vouch for, and by the proxies of the environment.
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startIssuer, type TestIssuer } from '../../packages/service/src/testing/test-issuer.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cincScan, type RunOptions, startCincScan, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { startProxy } from '../support/lab-servers.ts';
import { openShop, registerIssuer } from './shop.ts';
import { type Client, type RunningService, startService } from './support.ts';

const cluster = await openTestCluster();
const name = 'scans.example.test';
let namespace = '';
let service: RunningService;
let shop: Client;
let front: Server;
let issuer: TestIssuer;
let ca = '';

/** TLS before the service, as its operator would have it. */
async function startFront(folder: string): Promise<Server> {
  const { key, cert } = makeCertificates(folder, `IP:127.0.0.1,DNS:${name}`);
  const { hostname, port } = new URL(service.url);
  const server = createServer({ key, cert }, socket => {
    const onward = connect(Number(port), hostname);
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  service = await startService(cluster, 'data', { args: ['--allow-network', '127.0.0.0/8'] });
  shop = await openShop(service, namespace);
  issuer = await startIssuer();
  await registerIssuer(shop, { issuer, claims: { sub: 'job' }, audience: 'scans' });
  const folder = mkdtempSync(join(cluster.folder, 'tls-'));
  ca = join(folder, 'ca.pem');
  front = await startFront(folder);
});
afterAll(async () => {
  front.close();
  await issuer[Symbol.asyncDispose]();
  await service.stop();
  await cluster.expectNothingLeft();
  await cluster.close();
});

const port = () => (front.address() as AddressInfo).port;

async function wanted(host: string, more: string[], env: Record<string, string>): Promise<[string[], RunOptions]> {
  const server = ['--server', `https://${host}:${port()}`, '--server-audience', 'scans', ...more];
  const args = ['scan', 'pod/web', '-n', namespace, '-p', 'first-look', '--threshold', 'half', ...server];
  const token = await issuer.sign({ sub: 'job', aud: 'scans' });
  return [args, { env: { KUBECONFIG: '', CINC_SCAN_ID_TOKEN: token, ...env } }];
}

const ask = async (host: string, more: string[], env: Record<string, string> = {}): Promise<Transcript> =>
  cincScan(cluster, ...(await wanted(host, more, env)));

/** What a run says that would go on trying for a minute. */
async function firstProblem(host: string, more: string[], env: Record<string, string>): Promise<string> {
  const running = startCincScan(cluster, ...(await wanted(host, more, env)));
  const line = await running.line(/cannot answer now/);
  running.child.kill('SIGKILL');
  await running.ended;
  return line;
}

const reasonOf = ({ cwd }: Transcript) =>
  (JSON.parse(readFileSync(join(cwd, 'cinc-scan-results/outputs.json'), 'utf8')) as { reason: string }).reason;

const tokensTaken = async () => (await shop.call<{ items: unknown[] }>('GET', '/keys')).items.length;

describe('a service over TLS', () => {
  test('is believed where the authority that was named vouches for it', async () => {
    const ran = await ask('127.0.0.1', ['--server-ca', ca]);
    expect([ran.code, reasonOf(ran)]).toEqual([0, 'pass']);
  });

  const another = () => {
    const folder = mkdtempSync(join(cluster.folder, 'other-'));
    makeCertificates(folder);
    return join(folder, 'ca.pem');
  };
  test.each([
    ['nobody', '127.0.0.1', () => []],
    ['another authority', '127.0.0.1', () => ['--server-ca', another()]],
    ['its authority for another name', 'localhost', () => ['--server-ca', ca]],
  ])('that %s vouches for gets neither token nor request', async (...[, host, args]) => {
    const before = await tokensTaken();
    const ran = await ask(host, args());
    expect([ran.code, reasonOf(ran)]).toEqual([4, 'SERVICE_UNREACHABLE']);
    expect(ran.stdout).toContain('SERVICE_UNREACHABLE');
    expect(await tokensTaken()).toBe(before);
  });
});

describe('HTTPS_PROXY', () => {
  test('is the way of every question, of the token and of the events too', async () => {
    using proxy = await startProxy();
    const ran = await ask(name, ['--server-ca', ca], { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    expect([ran.code, reasonOf(ran)]).toEqual([0, 'pass']);
    expect(ran.stderr).toMatch(/Auditing/);
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${name}:${port()}`]));
    expect(proxy.asked.length).toBeGreaterThan(4);
  });

  test('sees nothing of what is asked: TLS is with the service', async () => {
    using proxy = await startProxy();
    const ran = await ask(name, [], { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    expect([ran.code, reasonOf(ran)]).toEqual([4, 'SERVICE_UNREACHABLE']);
    expect(proxy.asked).toEqual([`CONNECT ${name}:${port()}`]);
  });

  test('that refuses is an error that names it', async () => {
    using proxy = await startProxy({ refuses: 403 });
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
    expect(await firstProblem(name, ['--server-ca', ca], env)).toContain(
      `the proxy 127.0.0.1:${proxy.port} answered 403`,
    );
  });

  test.each([[name], ['.example.test'], [`other,${name}:PORT`], ['*']])(
    'is not taken where NO_PROXY has %s',
    async list => {
      using proxy = await startProxy();
      const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: list.replace('PORT', String(port())) };
      expect(await firstProblem(name, ['--server-ca', ca], env)).toContain(name); // which only a proxy finds
      expect(proxy.asked).toEqual([]);
    },
  );
});
