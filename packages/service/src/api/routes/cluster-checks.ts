// SPDX-License-Identifier: Apache-2.0
// What the credential that is there for a cluster is good for, as an operator asks.
import { isScanError } from '@cinc-scan/core';
import * as z from 'zod';
import { slug } from '../../domain/ids.ts';
import { Questions } from '../../queue/questions.ts';
import { findClusterToCheck, recordCheck } from '../../store/cluster-checks.ts';
import { clusterCheck } from '../shapes.ts';
import { platformOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

export function addClusterCheckRoutes(server: Server, { store, onQueued, questionMs }: ApiParts): void {
  const questions = new Questions(store, onQueued);
  server.post(
    '/clusters/:name/check',
    {
      config: { access: { kind: 'platform', role: 'operator' } },
      schema: {
        summary:
          'Find out whether a cluster can be scanned: reached, signed in to, with exactly the rights that scans need',
        tags: ['clusters'],
        params: z.object({ name: slug }),
        response: { 200: clusterCheck },
      },
    },
    async request => {
      const { name } = request.params;
      const cluster = await store.asPlatform(transaction => findClusterToCheck(transaction, name));
      const ask = { kind: 'check', namespaces: cluster.namespaces } as const;
      const { findings } = await questions
        .ask(ask, { cluster, team: null, milliseconds: questionMs })
        .catch((error: unknown) => ({ findings: [unasked(error)] }));
      const by = platformOf(request).principal;
      return store.asPlatform(transaction => recordCheck(transaction, { cluster, findings }, by));
    },
  );
}

/** That nobody looked is what is known of the cluster then. */
function unasked(error: unknown) {
  if (!isScanError(error) || error.code === 'SERVICE_QUOTA') throw error;
  const { message, remedy } = error;
  return { check: 'runner', namespace: null, state: 'unchecked', said: message, remedy } as const;
}
