// SPDX-License-Identifier: Apache-2.0
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { checkServerIdentity } from 'node:tls';

/** Begins a request; redirects are answers like others. Every request that leaves this program begins here. */
export function startRequest(url: URL, options: RequestOptions): ClientRequest {
  return url.protocol === 'http:'
    ? requestHttp(url, options)
    : requestHttps(url, { ...checkName(url, options.servername), ...options });
}

/**
 * Whom the certificate has to name. Left to itself Node forgets an address that is asked through a proxy, and takes
 * "localhost" for it.
 */
export function checkName(url: URL, servername?: string): Pick<RequestOptions, 'checkServerIdentity'> {
  const expected = servername || url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { checkServerIdentity: (_, certificate) => checkServerIdentity(expected, certificate) };
}

/** The answer's head. `idleMs` bounds every silence until then, that of a proxy included. */
export function receive(request: ClientRequest, idleMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const silence = setTimeout(() => request.destroy(new Error(`no answer within ${idleMs} ms`)), idleMs);
    request.once('error', reject);
    request.once('close', () => clearTimeout(silence));
    request.once('response', response => {
      response.on('data', () => silence.refresh());
      response.pause(); // until somebody reads it
      resolve(response);
    });
  });
}

/** All of an answer's body; one that is longer, or ends before its end, is an error. */
export async function readBody(response: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error(`the answer is larger than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the connection was closed in the middle of the answer');
  return Buffer.concat(chunks);
}
