// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { addressRules, type Resolve } from './addresses.ts';
import { call } from './call.ts';

const refuses = (url: string, allowed: string[] = []): boolean => {
  try {
    addressRules(allowed).checkHost(new URL(url));
    return false;
  } catch {
    return true;
  }
};

test.each([
  '10.1.2.3',
  '127.0.0.1',
  '127.1',
  '0.0.0.0',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '172.31.255.255',
  '192.168.1.1',
  '192.0.0.8',
  '198.19.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[::1]',
  '[::]',
  '[::ffff:10.0.0.1]',
  '[::ffff:a9fe:a9fe]',
  '[::10.0.0.1]',
  '[fe80::1]',
  '[fd00::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[64:ff9b::a00:1]',
  '[2002:a00:1::1]',
  '[2001:0:a00:1::1]',
  '[2001:db8::1]',
])('%s is not where a stranger may send us', host => expect(refuses(`https://${host}/`)).toBe(true));

test.each(['1.1.1.1', '172.32.0.1', '192.0.1.1', '[2606:4700::1111]', '[::ffff:1.1.1.1]', 'example.com'])(
  '%s is public, or a name that is looked up first',
  host => expect(refuses(`https://${host}/`)).toBe(false),
);

test('networks that are allowed are, and no more', () => {
  expect(refuses('https://10.1.2.3/', ['10.1.0.0/16'])).toBe(false);
  expect(refuses('https://10.2.2.3/', ['10.1.0.0/16'])).toBe(true);
  expect(refuses('https://[::ffff:10.1.2.3]/', ['10.1.0.0/16'])).toBe(false);
  expect(refuses('https://[fd00::7]/', ['fd00::/8'])).toBe(false);
  for (const text of ['10.1.0.0', '10.1.0.0/33', 'fd00::/129', 'example.com/8', '/8', ''])
    expect(() => addressRules([text])).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});

test('a name goes where it leads when the connection is made, and only to addresses that are allowed', async () => {
  const server = createServer((_, answer) => answer.end('inner')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const ask = async (allowed: string[], ...found: string[]) => {
      const resolve: Resolve = (_name, _options, done) =>
        done(
          null,
          found.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      const answer = await call(
        { method: 'GET', url: new URL(`http://rebound.example:${port}/`), headers: {} },
        { timeoutMs: 5000, addresses: addressRules(allowed, resolve) },
      );
      return answer.kind === 'answered' ? answer.body : answer.problem;
    };
    expect(await ask([], '127.0.0.1')).toMatch(/rebound\.example is not a public address/);
    expect(await ask(['127.0.0.0/8'], '127.0.0.1')).toBe('inner');
    expect(await ask(['127.0.0.0/8'], '10.0.0.1', '127.0.0.1')).toBe('inner');
    expect(await ask([], '::ffff:127.0.0.1', 'fe80::1%lo')).toMatch(/is not a public address/);
    const localhost = await call(
      { method: 'GET', url: new URL(`http://localhost:${port}/`), headers: {} },
      { timeoutMs: 5000, addresses: addressRules() },
    );
    expect(localhost).toMatchObject({ kind: 'failed', sent: false });
  } finally {
    server.close();
  }
});

test('a proxy does not take a number where it may not go', async () => {
  const server = createServer((_, answer) => answer.end('through the proxy')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const ask = (host: string) =>
      call(
        { method: 'GET', url: new URL(`http://${host}/`), headers: {} },
        { timeoutMs: 5000, addresses: addressRules(), environment: { HTTP_PROXY: `http://127.0.0.1:${port}` } },
      );
    expect(await ask('10.0.0.1')).toMatchObject({ kind: 'failed', problem: expect.stringMatching(/not a public/) });
    expect(await ask('example.com')).toMatchObject({ kind: 'answered', body: 'through the proxy' });
  } finally {
    server.close();
  }
});
