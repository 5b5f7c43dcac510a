// SPDX-License-Identifier: Apache-2.0
// Callbacks of the service as it is shipped, which is killed between the end of scans and the word of it.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { profiles } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { Client, filesOf, startService } from './support.ts';

const folder = temporaryFolder();
afterAll(() => {
  folder[Symbol.dispose]();
});

const scans = 5;
const authentication = 'Bearer cst-secret-of-the-receiver';

interface Heard {
  id: string;
  scan: string;
  state: string;
  authorization: string | undefined;
}

test('every end of a scan is told, however the service died, and under one id each', async () => {
  const heard: Heard[] = [];
  const held: ServerResponse[] = [];
  let isHolding = true;
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    const { data } = JSON.parse(text) as { data: { id: string; state: string } };
    const { authorization } = request.headers;
    heard.push({ id: String(request.headers['webhook-id']), scan: data.id, state: data.state, authorization });
    if (isHolding) held.push(response);
    else response.writeHead(204).end();
  };
  const receiver = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const at = receiver.address();
  const url = `http://127.0.0.1:${typeof at === 'object' ? at?.port : ''}/hook`;

  const kubeconfigPath = join(folder.path, 'kubeconfig');
  writeFileSync(kubeconfigPath, 'apiVersion: v1\nkind: Config\n'); // no scan gets further than this
  const place = { folder: folder.path, kubeconfigPath };
  const args = ['--allow-network', '127.0.0.0/8', '--allow-unisolated'];
  const first = await startService(place, 'data', { args });
  const operator = new Client(first.url, first.key ?? '');
  await operator.call('POST', '/clusters', { name: 'east', credential: 'east' });
  const { key } = await operator.call<{ key: string }>('POST', '/teams', { name: 'shop', title: 'Shop', days: 1 });
  await operator.call('PUT', '/clusters/east/teams/shop', { namespaces: ['shop'] });
  const shop = new Client(first.url, key);
  await shop.call('POST', '/profiles', { name: 'base', version: '1.0.0', files: filesOf(profiles.firstLook) });
  await shop.call('POST', '/profiles/base/1.0.0/approve');
  const ids: string[] = [];
  for (let n = 0; n < scans; n += 1) {
    const target = { namespace: 'shop', pod: `p${n}` };
    const ask = { target, scan: { profile: 'base' }, callback: { url, authentication } };
    ids.push((await shop.call<{ id: string }>('POST', '/scans', ask)).id);
  }
  while (heard.length === 0) await new Promise(resolve => setTimeout(resolve, 20));
  await first.stop('SIGKILL'); // the receiver has it, and the service does not know
  for (const response of held) response.destroy();
  isHolding = false;
  const before = heard.length;

  const second = await startService(place, 'data', { args });
  shop.url = second.url;
  for (;;) {
    const { items } = await shop.call<{ items: { state: string }[] }>('GET', '/deliveries');
    if (items.length === scans && items.every(({ state }) => state === 'delivered')) break;
    await new Promise(resolve => setTimeout(resolve, 200));
  }
  expect(before).toBeGreaterThan(0);
  expect(new Set(heard.map(({ scan }) => scan))).toEqual(new Set(ids));
  // What came twice came under the id that it had, and two scans never share one.
  expect(new Set(heard.map(({ id }) => id)).size).toBe(scans);
  expect(new Set(heard.map(({ id, scan }) => `${id} ${scan}`)).size).toBe(scans);
  expect(heard.length).toBeGreaterThan(scans);
  expect(heard.map(each => [each.state, each.authorization])).toEqual(heard.map(() => ['failed', authentication]));
  await second.stop();
  receiver.closeAllConnections();
  receiver.close();
  const found = spawnSync('grep', ['-rlaF', '-e', 'cst-secret-of-the-receiver', join(folder.path, 'data')]);
  expect(found.stdout.toString()).toBe('');
  expect(first.output() + second.output()).not.toContain('cst-secret-of-the-receiver');
});
