// SPDX-License-Identifier: Apache-2.0
// Whoever fails to sign in too often has to wait. What succeeds is not counted: a fleet of pipelines may have one address.
import { ScanError } from '@cinc-scan/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addFailure, countFailures } from '../store/failed-sign-ins.ts';
import type { Store } from '../store/store.ts';

/** In a minute, of one address. */
export const usualFailures = 30;

/** Hooks of a route at which strangers show what they have. */
export const limitFailures = (store: Store, mostFailures: number) => ({
  preHandler: async ({ ip }: FastifyRequest): Promise<void> => {
    const count = await store.asPlatform(transaction => countFailures(transaction, ip));
    if (count >= mostFailures)
      throw new ScanError('SERVICE_TOO_OFTEN', `This address has failed to sign in ${count} times in this minute`);
  },
  onSend: async ({ ip }: FastifyRequest, { statusCode }: FastifyReply): Promise<void> => {
    if (statusCode === 401) await store.asPlatform(transaction => addFailure(transaction, ip));
  },
});
