// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { callGithub } from './github-call.ts';

let statuses: number[] = [];
let asked: Pick<IncomingMessage, 'method' | 'url'>[] = [];
const server = createServer(({ method, url }, response) => {
  asked.push({ method: method ?? '', url: url ?? '' });
  response.writeHead(statuses.shift() ?? 200).end('{}');
});
let port = 0;

beforeEach(async () => {
  [statuses, asked] = [[], []];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

const wanted = (method: 'GET' | 'POST', host = `127.0.0.1:${port}`) => ({
  method,
  url: new URL(`http://${host}/repos`),
  headers: { accept: 'application/json' },
});

test('goes by the proxy of the runner', async () => {
  const environment = { HTTP_PROXY: `http://127.0.0.1:${port}` };
  expect(await callGithub(wanted('GET', 'api.example.test'), environment)).toMatchObject({ status: 200 });
  expect(asked).toEqual([{ method: 'GET', url: 'http://api.example.test/repos' }]);
});

test('asks again after what may pass, but does nothing twice', async () => {
  statuses = [503, 502];
  expect(await callGithub(wanted('GET'), {})).toMatchObject({ status: 200 });
  expect(asked).toHaveLength(3);
  statuses = [503];
  expect(await callGithub(wanted('POST'), {})).toMatchObject({ status: 503 });
  expect(asked).toHaveLength(4);
});

test('takes a refusal, and a redirect, as the answer', async () => {
  statuses = [404, 302];
  expect(await callGithub(wanted('GET'), {})).toMatchObject({ status: 404 });
  expect(await callGithub(wanted('GET'), {})).toMatchObject({ status: 302 });
});
