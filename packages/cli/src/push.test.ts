// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeCertificates } from '../../../test/support/certificates.ts';
import { command, gateFixtures, temporaryFolder } from '../../../test/support/command.ts';

const folder = temporaryFolder();
const inside = (name: string) => join(folder.path, name);
const got: { headers: Record<string, unknown>; body: string }[] = [];
let server: Server;
let url = '';

beforeAll(async () => {
  server = createServer(makeCertificates(folder.path), (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.writeHead(request.url === '/broken' ? 403 : 200).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  folder[Symbol.dispose]();
});

const report = (push: string, env: Record<string, string>) =>
  command(['report', '-i', join(gateFixtures, 'mix.json'), '--report', 'scan', '--push', push, '-o', 'out'], {
    cwd: folder.path,
    env,
  });
const surfaces = () => (JSON.parse(readFileSync(inside('out/scan.json'), 'utf8')) as { surfaces: unknown[] }).surfaces;

describe('pushes of the command line', () => {
  test('go over TLS, with an authority of its own, and are told in the manifest', async () => {
    const env = { CINC_SCAN_WEBHOOK_SECRET: 'over-tls', NODE_EXTRA_CA_CERTS: inside('ca.pem') };
    const { code, stderr } = await report(`webhook=${url}/hook?a=hidden`, env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `Sent to webhook ${url}\n` });
    expect(surfaces()).toEqual([{ name: `webhook ${url}`, ok: true }]);
    const { headers = {}, body = '' } = got.at(-1) ?? {};
    const signed = createHmac('sha256', 'over-tls').update(`${String(headers['x-cinc-scan-timestamp'])}.${body}`);
    expect(headers['x-cinc-scan-signature']).toBe(`sha256=${signed.digest('hex')}`);
    expect(readFileSync(inside('out/scan.json'), 'utf8')).not.toContain('hidden');
  });

  test('do not trust an authority that nobody named, and change no exit code', async () => {
    const before = got.length;
    const { code, stderr } = await report(`heimdall=${url}`, { CINC_SCAN_HEIMDALL_API_KEY: 'k' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^! Could not be sent to heimdall .*(certificate|self.signed|verify)/i);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(got.length).toBe(before);
    expect(surfaces()).toMatchObject([{ ok: false }]);
  });

  test('that are refused by the server are one warning', async () => {
    const env = { CINC_SCAN_WEBHOOK_SECRET: 's', NODE_EXTRA_CA_CERTS: inside('ca.pem') };
    const { code, stderr } = await report(`webhook=${url}/broken`, env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `! Could not be sent to webhook ${url}: it answered 403\n` });
  });

  test('without their secret end with 2 before anything is written', async () => {
    const { code, stderr } = await report(`webhook=${url}`, {});
    expect(code).toBe(2);
    expect(stderr).toMatch(/INPUT_INVALID push: webhook .* needs webhook-secret/);
  });
});
