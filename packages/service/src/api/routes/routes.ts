// SPDX-License-Identifier: Apache-2.0

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Blobs } from '../../blobs/blobs.ts';
import type { Sealer } from '../../domain/seal.ts';
import type { IssuerKeys } from '../../identity/issuer-keys.ts';
import type { ScanQueue } from '../../queue/scan-queue.ts';
import type { Store } from '../../store/store.ts';

/** What routes work on. */
export interface ApiParts {
  store: Store;
  blobs: Blobs;
  queue: ScanQueue;
  issuers: IssuerKeys;
  /** Of secrets that are stored. */
  sealer: Sealer;
  /** Address of the provider that people sign in at, if there is one. */
  providerIssuer: string | undefined;
  /** Called after a scan was queued, or a question about a cluster was asked. */
  onQueued: () => void;
  /** How long a scan waits for a runner at most, milliseconds. */
  longestWaitMs: number;
  /** Sign-ins that may fail in a minute, of one address. */
  mostFailures: number;
  /** How long whoever asks about a cluster waits for its answer, milliseconds. */
  questionMs: number;
  /** How often a stream of events looks without having heard that there is something, milliseconds. */
  followMs?: number;
}

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
