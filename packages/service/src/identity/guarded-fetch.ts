// SPDX-License-Identifier: Apache-2.0
// `fetch` as the OpenID client wants it, over the requests that hold to the rules for addresses.
import { type AddressRules, type CallAnswer, call, isLoopback, problemOf } from '@cinc-scan/core';
import type { CustomFetch } from 'openid-client';

/** That nobody answered, or said that it cannot now. */
export class Unreachable extends TypeError {
  override name = 'Unreachable';
}

export interface FetchSettings {
  addresses: AddressRules;
  /** Names proxies. */
  environment: Record<string, string | undefined>;
  timeoutMs: number;
  mostBytes: number;
}

export function guardedFetch({ addresses, environment, timeoutMs, mostBytes }: FetchSettings): CustomFetch {
  return async (address, { method, headers, body }) => {
    const wanted = { method: methodOf(method), url: closed(address), headers };
    const sent = typeof body === 'string' || body instanceof URLSearchParams ? { body: Buffer.from(String(body)) } : {};
    const answer = await call({ ...wanted, ...sent }, { timeoutMs, mostBytes, addresses, environment });
    if (answer.kind === 'failed' || answer.status >= 500)
      throw new Unreachable(`${wanted.url.origin}: ${problemOf(answer)}`);
    return toResponse(answer);
  };
}

function methodOf(method: string): 'GET' | 'POST' {
  if (method === 'GET' || method === 'POST') return method;
  throw new TypeError(`${method} is not asked of a provider`);
}

function closed(address: string): URL {
  const url = new URL(address);
  if (url.protocol === 'https:' || isLoopback(url)) return url;
  throw new Unreachable(`${url.origin} is not an address of https`);
}

function toResponse({ status, bytes, headers }: CallAnswer & { kind: 'answered' }): Response {
  const type = headers['content-type'];
  return new Response(status === 204 || status === 304 ? null : Uint8Array.from(bytes), {
    status,
    headers: typeof type === 'string' ? { 'content-type': type } : {},
  });
}
