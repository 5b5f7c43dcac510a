// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ScanError, toMessage } from '../errors/index.ts';
import { parseProxy, proxyForms } from '../http/index.ts';
import type { Chosen } from './chosen.ts';

/** Where the API server is, and how to know that it is the right one. */
export interface ServerPlace {
  url: URL;
  /** Certificate authorities in PEM; undefined stands for those that Node trusts. */
  ca: Buffer | undefined;
  insecure: boolean;
  /** Instead of the host in the address. */
  serverName: string | undefined;
  proxy: URL | undefined;
}

export function serverOf({ cluster: { entry, folder } }: Chosen): ServerPlace {
  const ca = bytesOf(entry, 'certificate-authority', folder);
  const insecure = entry['insecure-skip-tls-verify'] ?? false;
  if (insecure && ca !== undefined)
    throw invalid('insecure-skip-tls-verify and a certificate authority are both given');
  if (ca !== undefined) checkCertificate(ca, 'certificate-authority');
  return {
    url: parseServer(entry.server),
    ca,
    insecure,
    serverName: entry['tls-server-name'],
    proxy: toProxy(entry['proxy-url']),
  };
}

// As kubectl: without a scheme it is http, whatever else is said of TLS.
function parseServer(server: string | undefined): URL {
  if (server === undefined) throw invalid('the cluster of the context has no server');
  const hasScheme = /^[a-z][-+.a-z0-9]*:\/\//i.test(server);
  const address = hasScheme ? server : `http://${server}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw invalid('server is not an address of the form https://HOST:PORT');
  return url;
}

function toProxy(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const proxy = parseProxy(text);
  if (proxy === undefined) throw invalid(`proxy-url is not the address of a proxy: expected ${proxyForms}`);
  return proxy;
}

/** The content of a field that is given as a file or as base64. */
export function bytesOf<K extends string>(
  entry: { [Key in K | `${K}-data`]?: string | undefined },
  key: K,
  folder: string,
): Buffer | undefined {
  const file: string | undefined = entry[key];
  const data: string | undefined = entry[`${key}-data`];
  if (file !== undefined && data !== undefined) throw invalid(`${key} and ${key}-data are both given`);
  if (data !== undefined) return decode(data, key);
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(folder, file));
  } catch (error) {
    throw new ScanError('KUBECONFIG_INVALID', `The kubeconfig has a mistake: ${key}: ${toMessage(error)}`, {
      cause: error,
    });
  }
}

function decode(data: string, key: string): Buffer {
  const packed = data.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) throw invalid(`${key}-data is not base64`);
  return Buffer.from(packed, 'base64');
}

export function checkCertificate(pem: Buffer, key: string): void {
  try {
    void new X509Certificate(pem);
  } catch {
    throw invalid(`${key} is not a certificate in PEM`);
  }
}

export const invalid = (why: string): ScanError =>
  new ScanError('KUBECONFIG_INVALID', `The kubeconfig has a mistake: ${why}`);
