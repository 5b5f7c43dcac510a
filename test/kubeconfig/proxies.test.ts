// SPDX-License-Identifier: Apache-2.0
// Requests and streams go by the proxy that kubectl would take.
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { cincScan, profiles, readScanJson } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { kubeconfigWith } from '../support/kubeconfig.ts';
import { askBoth, askUs, clusterOf, takeFirst, writeConfig } from '../support/kubectl-and-we.ts';
import { startLab, startProxy, startSocks } from '../support/lab-servers.ts';

const lab = await startLab();
const cluster = await openTestCluster();
afterAll(async () => {
  lab.close();
  await cluster.close();
});
afterEach(() => void takeFirst(lab));

/** A server that only a proxy can find. */
const behind = () => ({ ...clusterOf(lab), server: `https://kube.example.test:${lab.named.port}` });
const wanted = () => `CONNECT kube.example.test:${lab.named.port}`;

test.each<[string, (proxy: string) => Record<string, string>]>([
  ['HTTPS_PROXY', proxy => ({ HTTPS_PROXY: proxy })],
  ['https_proxy', proxy => ({ https_proxy: proxy })],
  ['HTTPS_PROXY without a scheme', proxy => ({ HTTPS_PROXY: proxy.replace('http://', '') })],
  ['HTTPS_PROXY before https_proxy', proxy => ({ HTTPS_PROXY: proxy, https_proxy: 'http://127.0.0.1:9' })],
  [
    'HTTPS_PROXY with a NO_PROXY for others',
    proxy => ({ HTTPS_PROXY: proxy, NO_PROXY: 'example.org,.kube.example.test,10.0.0.0/8,kube.example.test:1' }),
  ],
])('%s is the way to the server, for kubectl and for us', async (_, env) => {
  using proxy = await startProxy();
  const found = await askBoth(
    lab,
    writeConfig(lab, 'env.yml', { cluster: behind() }),
    env(`http://127.0.0.1:${proxy.port}`),
  );
  expect(found.ours).toEqual(found.kubectl);
  expect(found.ours).toMatchObject({ authorization: 'Bearer good', serverName: 'kube.example.test' });
  expect(new Set(proxy.asked)).toEqual(new Set([wanted()]));
});

test.each([
  '*',
  'kube.example.test',
  '.example.test',
  'example.test',
  '*.example.test',
  ' other , KUBE.example.test:PORT ',
])('NO_PROXY=%s keeps both from the proxy', async list => {
  using proxy = await startProxy();
  const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: list.replace('PORT', String(lab.named.port)) };
  const found = await askBoth(lab, writeConfig(lab, 'no.yml', { cluster: behind() }), env);
  expect({ ...found, doctor: found.doctor.stdout }).toMatchObject({
    kubectl: undefined,
    ours: undefined,
    doctor: expect.stringContaining('kube.example.test'),
  });
  expect(proxy.asked).toEqual([]);
});

test('this machine is never asked through a proxy of the environment, as kubectl does not; HTTP_PROXY is not for https', async () => {
  using proxy = await startProxy();
  const address = `http://127.0.0.1:${proxy.port}`;
  for (const server of ['127.0.0.1', 'localhost']) {
    const config = writeConfig(lab, 'own.yml', {
      cluster: clusterOf(lab, { server: `https://${server}:${lab.api.port}` }),
    });
    const found = await askBoth(lab, config, { HTTPS_PROXY: address, HTTP_PROXY: address });
    expect(found.ours).toEqual(found.kubectl);
    expect(found.doctor.code).toBe(0);
  }
  expect(proxy.asked).toEqual([]);
});

test.each(['http', 'socks5'])(
  'proxy-url with %s goes before the environment, and counts for this machine too',
  async scheme => {
    using proxy = await (scheme === 'http' ? startProxy() : startSocks());
    const account = scheme === 'http' ? 'ada:se%40cret-pw@' : '';
    const more = { 'proxy-url': `${scheme}://${account}127.0.0.1:${proxy.port}` };
    for (const server of [behind(), clusterOf(lab)]) {
      const found = await askBoth(lab, writeConfig(lab, 'url.yml', { cluster: { ...server, ...more } }), {
        HTTPS_PROXY: 'http://127.0.0.1:9',
      });
      expect({ code: found.doctor.code, ours: found.ours }).toEqual({ code: 0, ours: found.kubectl });
      expect(found.doctor.stdout + found.doctor.stderr).not.toContain('secret-pw');
    }
    const basic = scheme === 'http' ? ` Basic ${Buffer.from('ada:se@cret-pw').toString('base64')}` : '';
    expect(new Set(proxy.asked)).toEqual(new Set([`${wanted()}${basic}`, `CONNECT 127.0.0.1:${lab.api.port}${basic}`]));
  },
);

test('a proxy that refuses is not taken for the server', async () => {
  for (const refuses of [401, 403, 407, 502]) {
    using proxy = await startProxy({ refuses });
    const config = writeConfig(lab, 'refused.yml', { cluster: behind() });
    const { code, stdout } = await askUs(lab, config, { HTTPS_PROXY: `http://ada:secret-pw@127.0.0.1:${proxy.port}` });
    expect({ code, stdout }).toEqual({
      code: 4,
      stdout: expect.stringMatching(
        new RegExp(`CLUSTER_UNREACHABLE: .*proxy 127.0.0.1:${proxy.port} answered ${refuses}`),
      ),
    });
    expect(stdout).not.toContain('secret-pw');
  }
});

test('a variable that is not the address of a proxy is named', async () => {
  const config = writeConfig(lab, 'odd.yml', { cluster: behind() });
  const { code, stdout } = await askUs(lab, config, { HTTPS_PROXY: 'ftp://ada:secret-pw@127.0.0.1' });
  expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringContaining('INPUT_INVALID: HTTPS_PROXY') });
  expect(stdout).not.toContain('secret-pw');
});

embeddedTest(
  'a whole scan goes through a proxy: requests, streams, and the grant',
  async () => {
    const namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
    const [first] = (load(cluster.kubeconfig) as { clusters: { cluster: Record<string, unknown> }[] }).clusters;
    const { port } = new URL(String(first?.cluster['server']));
    const server = { ...first?.cluster, server: `https://kube.example.test:${port}`, 'tls-server-name': '127.0.0.1' };
    for (const way of ['HTTPS_PROXY', 'proxy-url', 'socks5']) {
      using proxy = await (way === 'socks5' ? startSocks() : startProxy());
      const address = `${way === 'socks5' ? 'socks5' : 'http'}://127.0.0.1:${proxy.port}`;
      const own = way === 'HTTPS_PROXY' ? {} : { 'proxy-url': address };
      const KUBECONFIG = kubeconfigWith(cluster, way, { server: { ...server, ...own } });
      const env = { KUBECONFIG, ...(way === 'HTTPS_PROXY' && { HTTPS_PROXY: address }) };
      const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.files], { env });
      expect({ way, stderr: ran.stderr, targets: readScanJson(ran).targets }).toMatchObject({
        way,
        targets: [{ outcome: 'audited' }],
      });
      expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT kube.example.test:${port}`]));
      await cluster.expectNothingLeft();
    }
  },
  120_000,
);
