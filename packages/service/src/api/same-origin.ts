// SPDX-License-Identifier: Apache-2.0
// Browsers send cookies along with what other pages ask of them: a change has to come from a page of this service.
import { ScanError } from '@cinc-scan/core';
import type { FastifyRequest } from 'fastify';

/**
 * Throws SERVICE_FORBIDDEN. Browsers say where a request comes from by `Sec-Fetch-Site`, over open lines and where they are
 * old by `Origin`; one that says neither is refused.
 * https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function requireSameOrigin({ method, headers }: FastifyRequest, own: string): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = headers['sec-fetch-site'];
  const isOwn = site === undefined ? headers.origin === own : site === 'same-origin';
  if (isOwn) return;
  throw new ScanError('SERVICE_FORBIDDEN', 'The change does not come from a page of this service', {
    remedy: 'Programs use a key and no cookie. Behind a proxy the service has to know its address: --public-url.',
  });
}
