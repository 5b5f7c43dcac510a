// SPDX-License-Identifier: Apache-2.0
// Nothing that a checkout brings says where credentials go, and nothing secret stands in an argument or an error.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { cincScan, profiles, root } from '../support/cinc-scan.ts';
import { askUs, takeFirst, writeConfig } from '../support/kubectl-and-we.ts';
import { startLab, startProxy } from '../support/lab-servers.ts';

const lab = await startLab();
afterAll(() => lab.close());
afterEach(() => void takeFirst(lab));

const own = { folder: lab.folder, kubeconfigPath: writeConfig(lab, 'own.yml') };
const checkout = lab.file('checkout');
mkdirSync(checkout);
writeConfig(lab, 'checkout/evil.yml', { user: {} });

test.each([
  ['kubeconfig', './evil.yml'],
  ['push', '["webhook=https://evil.example.org"]'],
  ['store', 's3://evil/x'],
  ['store-endpoint', 'https://evil.example.org'],
  ['store-insecure', 'true'],
  ['state-unguarded', 'true'],
  ['state', 'azblob://evil/results/state.json'],
  ['engine-url', 'https://evil.example.org/cinc-auditor_5.22.80-1_amd64.deb'],
  ['report-only', 'true'],
  ['dry-run', 'true'],
  ['allow-empty', 'true'],
])('%s of a cinc-scan.yml that nobody named is refused by name', async (key, value) => {
  writeFileSync(lab.file('checkout/cinc-scan.yml'), `${key}: ${value}\n`);
  const scan = ['scan', 'web', '-n', 'shop', '-p', profiles.files];
  const { code, stderr } = await cincScan(own, scan, { cwd: checkout, env: { CINC_SCAN_TOKEN: 'operator-token' } });
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(new RegExp(`INPUT_INVALID.*${key}`)) });
  expect(stderr).toContain(`--${key}`);
  expect(stderr).toContain('--config');
  expect(takeFirst(lab)).toBeUndefined();
});

test('one that was named says all of it', async () => {
  writeFileSync(lab.file('checkout/cinc-scan.yml'), `kubeconfig: ${own.kubeconfigPath}\n`);
  const doctor = ['doctor', '-n', 'shop', '--config', 'cinc-scan.yml'];
  expect(await cincScan({ ...own, kubeconfigPath: '' }, doctor, { cwd: checkout })).toMatchObject({ code: 0 });
});

test('a kubeconfig itself is no argument, in whatever form', async () => {
  const text = readFileSync(own.kubeconfigPath, 'utf8');
  const base64 = Buffer.from(text).toString('base64');
  for (const content of [text, base64, base64.replace(/(.{76})/g, '$1\n')]) {
    const { code, stdout, stderr } = await cincScan(own, ['doctor', '--kubeconfig', content]);
    expect({ code, said: stdout + stderr }).toEqual({ code: 2, said: expect.stringContaining('expected a path') });
    expect(stderr).not.toContain(content.slice(0, 60));
  }
});

test('a mistake in a configuration file or in credentials is told without a word of them', async () => {
  for (const [name, env] of [
    ['broken.yml', { CINC_SCAN_CONFIG: './broken.yml' }],
    ['broken.yml', { CINC_SCAN_PROFILE_CREDENTIALS: './broken.yml' }],
  ] as const) {
    writeFileSync(lab.file('checkout/cinc-scan.yml'), '');
    writeFileSync(lab.file(`checkout/${name}`), 'git.example.org:\n  password: hunter2!\n extra: x\n');
    writeFileSync(lab.file('checkout/cinc-scan.yml'), 'namespace: shop\n');
    const scan = ['scan', 'web', '-n', 'shop', '-p', profiles.files];
    const { code, stderr } = await cincScan(own, scan, { cwd: checkout, env });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/line 3, column \d+/) });
    expect(stderr).not.toContain('hunter2');
  }
});

test('the password in engine-url stands in no error', async () => {
  const env = { CINC_SCAN_ENGINE: 'download', CINC_SCAN_ENGINE_SHA256: '0'.repeat(64) };
  for (const path of ['cinc-auditor_5.22.80-1_amd64.deb', 'cinc-auditor.zip']) {
    const CINC_SCAN_ENGINE_URL = `https://user:hunter2secret@127.0.0.1:9/${path}`;
    const { stdout, stderr } = await askUs(lab, own.kubeconfigPath, { ...env, CINC_SCAN_ENGINE_URL });
    expect(stdout + stderr).toMatch(/127\.0\.0\.1/);
    expect(stdout + stderr).not.toContain('hunter2');
  }
});

test('results are sent by the proxy of the environment', async () => {
  using proxy = await startProxy();
  const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, CINC_SCAN_WEBHOOK_SECRET: 'webhook-secret' };
  const fixture = `${root}packages/core/fixtures/gate/mix.json`;
  const push = `webhook=https://kube.example.test:${lab.named.port}/hook`;
  await cincScan(own, ['report', '-i', fixture, '--push', push], { cwd: checkout, env });
  expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT kube.example.test:${lab.named.port}`]));
});

test('an install takes the registry of its user, not one that the checkout names', async () => {
  const registry = async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404).end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { asked, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  };
  const [theirs, evil] = [await registry(), await registry()];
  mkdirSync(lab.file('home'));
  writeFileSync(lab.file('home/.npmrc'), `registry=${theirs.url}\nfetch-retries=0\n`);
  writeFileSync(lab.file('checkout/.npmrc'), `registry=${evil.url}\nfetch-retries=0\n`);
  writeFileSync(lab.file('checkout/package.json'), '{}');
  const { installScript } = await import('../../packages/adapters/src/ci/script.ts');
  const env = { PATH: process.env['PATH'] ?? '', HOME: lab.file('home'), CINC_SCAN_VERSION: '9.9.9' };
  await promisify(execFile)('sh', ['-euc', installScript], { cwd: checkout, env }).catch(() => undefined);
  for (const { server } of [theirs, evil]) server.close();
  expect(theirs.asked).toContain('/cinc-scan');
  expect(evil.asked).toEqual([]);
});

test('a package in a folder is packed without running its scripts', async () => {
  mkdirSync(lab.file('checkout/package'));
  const scripts = { prepack: 'touch ../prepack-ran', prepare: 'touch ../prepack-ran' };
  writeFileSync(
    lab.file('checkout/package/package.json'),
    JSON.stringify({ name: 'cinc-scan', version: '1.0.0', scripts }),
  );
  const { installScript } = await import('../../packages/adapters/src/ci/script.ts');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: lab.folder,
    CINC_SCAN_PACKAGE: './package',
    CINC_SCAN_INTEGRITY: 'sha512-none',
  };
  const ran = promisify(execFile)('sh', ['-euc', installScript], { cwd: checkout, env });
  await expect(ran).rejects.toMatchObject({
    code: 5,
    stderr: expect.stringContaining('not the value of CINC_SCAN_INTEGRITY'),
  });
  expect(() => readFileSync(lab.file('checkout/prepack-ran'))).toThrow('ENOENT');
});
