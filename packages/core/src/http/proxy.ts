// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP, isIPv6 } from 'node:net';
import { ScanError } from '../errors/index.ts';
import { type Environment, readVariable } from '../request/index.ts';

const schemes = ['http:', 'https:', 'socks5:', 'socks5h:'];

/**
 * The proxy that the environment names for an address, as kubectl understands it: HTTPS_PROXY or HTTP_PROXY by the scheme
 * of the address, in capitals or not, unless NO_PROXY has it or it is this machine.
 * https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export function proxyOf(url: URL, environment: Environment): URL | undefined {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const name = secure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = either(environment, name);
  if (text === '' || isExempt(url, either(environment, 'NO_PROXY'))) return undefined;
  const proxy = parseProxy(/^[a-z][-+.a-z0-9]*:\/\//i.test(text) ? text : `http://${text}`);
  if (proxy === undefined)
    throw new ScanError('INPUT_INVALID', `${name} is not the address of a proxy: expected ${proxyForms}`);
  return proxy;
}

export const proxyForms = 'http://, https:// or socks5:// and a host';

/** An address of a proxy that can be used. */
export function parseProxy(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && schemes.includes(url.protocol) && url.hostname !== '' ? url : undefined;
}

function either(environment: Environment, name: string): string {
  return (readVariable(environment, name) ?? readVariable(environment, name.toLowerCase()) ?? '').trim();
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

const family = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');
const bare = (host: string) => host.replace(/^\[(.*)\]$/, '$1');

function isExempt(url: URL, list: string): boolean {
  const host = bare(url.hostname).toLowerCase().replace(/\.$/, '');
  const isAddress = isIP(host) !== 0;
  if (host === 'localhost' || (isAddress && loopback.check(host, family(host)))) return true;
  const port = url.port || (/^(?:https|wss):$/.test(url.protocol) ? '443' : '80');
  return list
    .split(',')
    .map(item => item.trim().toLowerCase())
    .some(item => item !== '' && (item === '*' || covers(item, { host, port, isAddress })));
}

interface ProxiedHost {
  host: string;
  port: string;
  isAddress: boolean;
}

function covers(item: string, { host, port, isAddress }: ProxiedHost): boolean {
  const { name, onlyPort } = splitPort(item);
  if (onlyPort !== undefined && onlyPort !== port) return false;
  return isAddress ? coversAddress(name, host) : name !== '' && coversName(name.replace(/^\*\./, '.'), host);
}

/** An address, or a network with the length of its prefix. */
function coversAddress(item: string, address: string): boolean {
  const [, network = item, bits] = /^(.*)\/(\d{1,3})$/.exec(item) ?? [];
  if (isIP(network) === 0) return false;
  const most = isIPv6(network) ? 128 : 32;
  return isWithin(address, network, bits === undefined ? most : Number(bits));
}

/** `example.org` is the host and what lies below it, `.example.org` only what lies below. */
function coversName(name: string, host: string): boolean {
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}

function splitPort(item: string): { name: string; onlyPort: string | undefined } {
  if (isIP(item) !== 0) return { name: item, onlyPort: undefined };
  const [, name = item, onlyPort] = /^(.*):(\d+)$/.exec(item) ?? [];
  return { name: bare(name), onlyPort };
}

function isWithin(address: string, network: string, bits: number): boolean {
  if (bits > (isIPv6(network) ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family(network));
  return list.check(address, family(address));
}
