// SPDX-License-Identifier: Apache-2.0
// `fetch` as the OpenID client wants it, over the requests that hold to the rules for addresses.
import { type CallAnswer, problemOf } from '@cinc-scan/core';
import type { CustomFetch } from 'openid-client';
import { type GuardSettings, guardedCall } from './guarded-call.ts';

/** That nobody answered, or said that it cannot now. */
export class Unreachable extends TypeError {
  override name = 'Unreachable';
}

export function guardedFetch(settings: GuardSettings): CustomFetch {
  return async (address, { method, headers, body }) => {
    const wanted = { method: methodOf(method), url: new URL(address), headers };
    const sent = typeof body === 'string' || body instanceof URLSearchParams ? { body: Buffer.from(String(body)) } : {};
    const answer = await guardedCall({ ...wanted, ...sent }, settings);
    if (answer.kind === 'failed' || answer.status >= 500)
      throw new Unreachable(`${wanted.url.origin}: ${problemOf(answer)}`);
    return toResponse(answer);
  };
}

function methodOf(method: string): 'GET' | 'POST' {
  if (method === 'GET' || method === 'POST') return method;
  throw new TypeError(`${method} is not asked of a provider`);
}

function toResponse({ status, bytes, headers }: CallAnswer & { kind: 'answered' }): Response {
  const type = headers['content-type'];
  return new Response(status === 204 || status === 304 ? null : Uint8Array.from(bytes), {
    status,
    headers: typeof type === 'string' ? { 'content-type': type } : {},
  });
}
