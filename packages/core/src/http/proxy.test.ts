// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { parseProxy, proxyOf } from './proxy.ts';

const proxied = (address: string, list: string) =>
  proxyOf(new URL(address), { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://p:2', NO_PROXY: list })?.port;

// The rows are those of golang.org/x/net/http/httpproxy, which kubectl has.
test.each([
  ['https://example.com', '', '1'],
  ['http://example.com', '', '2'],
  ['https://example.com', '*', undefined],
  ['https://example.com', 'example.com', undefined],
  ['https://sub.example.com', 'example.com', undefined],
  ['https://example.com', '.example.com', '1'],
  ['https://sub.example.com', '.example.com', undefined],
  ['https://sub.example.com', '*.example.com', undefined],
  ['https://notexample.com', 'example.com', '1'],
  ['https://EXAMPLE.com', ' Example.COM ', undefined],
  ['https://example.com:8443', 'example.com:443', '1'],
  ['https://example.com', 'example.com:443', undefined],
  ['http://example.com', 'example.com:80', undefined],
  ['https://10.1.2.3', '10.0.0.0/8', undefined],
  ['https://11.1.2.3', '10.0.0.0/8', '1'],
  ['https://10.1.2.3', '10.1.2.3', undefined],
  ['https://10.1.2.3:6443', '10.1.2.3:443', '1'],
  ['https://10.1.2.3', '10.1.2', '1'],
  ['https://10.1.2.3', '10.0.0.0/99', '1'],
  ['https://[fd00::7]', 'fd00::/8', undefined],
  ['https://[fd00::7]:6443', '[fd00::7]:6443', undefined],
  ['https://[fd00::7]', '10.0.0.0/8', '1'],
  ['https://localhost', '', undefined],
  ['https://127.9.9.9', '', undefined],
  ['https://[::1]', '', undefined],
  ['https://localhost.example.com', '', '1'],
  ['https://example.com', ',,other,', '1'],
])('%s with NO_PROXY=%s goes by %s', (address, list, port) => expect(proxied(address, list)).toBe(port));

test('capitals go first, and what is blank is not set', () => {
  const url = new URL('https://example.com');
  expect(proxyOf(url, { HTTPS_PROXY: '', https_proxy: 'low:1' })?.host).toBe('low:1');
  expect(proxyOf(url, { HTTPS_PROXY: 'high:1', https_proxy: 'low:1' })?.host).toBe('high:1');
  expect(proxyOf(url, { HTTP_PROXY: 'p:1', ALL_PROXY: 'p:1' })).toBeUndefined();
});

test('a proxy is http, https or socks5; what else it may be is refused without its password', () => {
  for (const text of ['http://p', 'https://ada:pw@p:1', 'socks5://p:1', 'socks5h://p:1'])
    expect(parseProxy(text)?.href).toContain(text);
  expect(['ftp://p', 'p:1', 'http://', '://'].map(parseProxy)).toEqual([undefined, undefined, undefined, undefined]);
  const odd = () => proxyOf(new URL('https://example.com'), { HTTPS_PROXY: 'ftp://ada:hunter2@p' });
  expect(odd).toThrow(/^HTTPS_PROXY is not the address of a proxy: expected/);
  expect(odd).not.toThrow(/hunter2/);
});
