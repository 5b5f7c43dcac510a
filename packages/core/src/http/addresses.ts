// SPDX-License-Identifier: Apache-2.0
// Where a request may go whose address somebody else has named: to the public internet, and to networks that are allowed.
import { type LookupAddress, type LookupOptions, lookup as lookUp } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ScanError } from '../errors/index.ts';

export interface AddressRules {
  /** Throws for the host of an address that is a number, and not allowed: nobody looks those up. */
  checkHost(url: URL): void;
  /** Looks a name up for the connection that is made, so that what is checked is what is connected to. */
  lookup: LookupFunction;
}

/** Addresses of a name, as `dns.lookup` gives them. */
export type Resolve = (
  name: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

// https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast
const notPublicV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

// https://www.iana.org/assignments/iana-ipv6-special-registry: of what is public those that lead to other addresses,
// such as 6to4 and Teredo, and those of documentation
const publicV6 = ['2000::/3'];
const notPublicV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const notPublic = toList([...notPublicV4, ...notPublicV6]);
const isPublicV6 = toList(publicV6);

/** Rules that allow public addresses, and these networks besides. Throws INPUT_INVALID for what is not a network. */
export function addressRules(allowed: readonly string[] = [], resolve: Resolve = lookUp): AddressRules {
  const extra = toList(allowed);
  const allows = (address: string): boolean => {
    const plain = plainAddress(address);
    if (isIP(plain) === 0) return false; // one with a zone is of this link
    const kind = kindOf(plain);
    if (extra.check(plain, kind)) return true;
    return !notPublic.check(plain, kind) && (kind === 'ipv4' || isPublicV6.check(plain, kind));
  };
  return {
    checkHost({ hostname }) {
      const host = hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(host) !== 0 && !allows(host)) throw new Error(refusal(host));
    },
    lookup(name, options, done) {
      resolve(name, { ...options, all: true }, (error, found) => {
        if (error !== null) return done(error, '', 0);
        const [first, ...others] = found.filter(({ address }) => allows(address));
        if (first === undefined) return done(new Error(refusal(name)), '', 0);
        return options.all === true ? done(null, [first, ...others]) : done(null, first.address, first.family);
      });
    },
  };
}

const refusal = (host: string) => `${host} is not a public address, and its network is not allowed`;

/** An IPv4 address in the clothes of IPv6 leads where the IPv4 address does. */
function plainAddress(address: string): string {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map(shift => (bits >>> shift) & 255).join('.');
}

function kindOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

function toList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(network) ?? [];
    const most = isIP(address) === 6 ? 128 : 32;
    if (isIP(address) === 0 || Number(bits) > most)
      throw new ScanError('INPUT_INVALID', `"${network}" is not a network: expected one such as 10.1.0.0/16`);
    list.addSubnet(address, Number(bits), kindOf(address));
  }
  return list;
}
