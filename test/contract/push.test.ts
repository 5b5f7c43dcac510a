// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { makeCertificates } from '../support/certificates.ts';
import { cincScan, profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';

const cluster = await openTestCluster();
const folder = join(cluster.folder, 'authority');
mkdirSync(folder);
const got: { headers: Record<string, unknown>; body: string }[] = [];
const server = createServer(makeCertificates(folder), (request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => (body += text));
  request.on('end', () => {
    got.push({ headers: request.headers, body });
    response.writeHead(request.url?.startsWith('/closed') === true ? 403 : 200).end();
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

afterEach(() => cluster.expectNothingLeft());
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await cluster.close();
});

test('a scan sends its result, signed; where nobody takes it the verdict stays and the failure is told', async () => {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  const pushes = ['--push', `webhook=${url}/hook`, '--push', `heimdall=${url}/closed`];
  const env = {
    CINC_SCAN_WEBHOOK_SECRET: 'a-secret-of-the-webhook',
    CINC_SCAN_HEIMDALL_API_KEY: 'a-key-of-heimdall',
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
  };
  const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, ...pushes], { env });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toMatch(new RegExp(`Sent to webhook ${url}`));
  expect(ran.stderr).toMatch(/Could not be sent to heimdall/);
  const { headers = {}, body = '' } = got.find(each => 'x-cinc-scan-signature' in each.headers) ?? {};
  const signed = createHmac('sha256', env.CINC_SCAN_WEBHOOK_SECRET);
  signed.update(`${String(headers['x-cinc-scan-timestamp'])}.${body}`);
  expect(headers['x-cinc-scan-signature']).toBe(`sha256=${signed.digest('hex')}`);
  expect(JSON.parse(body)).toMatchObject({ event: 'scan.finished', scan: { targets: [{ outcome: 'audited' }] } });
  const manifest = readFileSync(join(ran.cwd, 'cinc-scan-results/scan.json'), 'utf8');
  expect((JSON.parse(manifest) as { surfaces: unknown[] }).surfaces).toMatchObject([{ ok: true }, { ok: false }]);
  for (const secret of [env.CINC_SCAN_WEBHOOK_SECRET, env.CINC_SCAN_HEIMDALL_API_KEY])
    expect(`${manifest}${ran.stdout}${ran.stderr}`).not.toContain(secret);
});
