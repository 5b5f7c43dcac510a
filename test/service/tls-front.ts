// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createServer } from 'node:tls';
import { makeCertificates } from '../support/certificates.ts';

export interface TlsFront extends AsyncDisposable {
  url: string;
  /** What it can be known by. */
  ca: string;
  /** From now on it leads there. */
  leadTo(url: string): void;
}

/** HTTPS before a service that speaks none, on the address under which other network namespaces reach this one. */
export async function openTlsFront(folder: string): Promise<TlsFront> {
  const addresses = Object.values(networkInterfaces()).flatMap(each => each ?? []);
  const host = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
  const { key, cert } = makeCertificates(folder, `IP:${host}`);
  let target: URL | undefined;
  const server = createServer({ key, cert }, socket => {
    if (target === undefined) return void socket.destroy();
    const way = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [socket, way],
      [way, socket],
    ] as const)
      one
        .on('error', () => other.destroy())
        .on('close', () => other.destroy())
        .pipe(other);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, host);
  await once(server, 'listening');
  return {
    url: `https://${host}:${(server.address() as AddressInfo).port}`,
    ca: `${folder}/ca.pem`,
    leadTo: url => void (target = new URL(url)),
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
