// SPDX-License-Identifier: Apache-2.0
// Progress of a scan as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

import { Readable } from 'node:stream';
import { isScanError } from '@cinc-scan/core';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { Bell } from '../../domain/bell.ts';
import { uuid } from '../../domain/ids.ts';
import { progressOf } from '../../store/progress.ts';
import { eventsAfter, getScan, type ScanRow } from '../../store/scans.ts';
import type { Store, TeamTransaction, TeamView } from '../../store/store.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const usualFollowMs = 1000;
const aliveMs = 15_000;
const progressMs = 2000;
const stillInMs = 2000;

export function streamEvents(server: Server, { store, followMs = usualFollowMs }: ApiParts): void {
  server.get(
    '/scans/:id/events',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'What happens in a scan, as it happens; goes on after Last-Event-ID',
        tags: ['scans'],
        produces: ['text/event-stream'],
        params: z.object({ id: uuid }),
        headers: z.looseObject({ 'last-event-id': z.coerce.number().int().min(0).optional() }),
      },
    },
    async (request, reply) => {
      const seen = teamOf(request);
      const { id } = request.params;
      await store.asTeam(seen, transaction => getScan(transaction, id)); // 404 before the stream begins
      const after = request.headers['last-event-id'] ?? 0;
      const closed = new AbortController();
      request.raw.once('close', () => closed.abort());
      // Whoever was let in has to be let in still: the stream of a key that is no more ends.
      const timer = setInterval(() => void isStillIn(request).then(is => is || closed.abort()), stillInMs);
      reply.raw.once('close', () => clearInterval(timer));
      const texts = follow(store, { seen, id, after, followMs, signal: closed.signal });
      return reply
        .type('text/event-stream')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(texts));
    },
  );
}

/** Where it waits and how long it may take, as long as it is not over. */
async function progressText(transaction: TeamTransaction, scan: ScanRow): Promise<string | undefined> {
  if (scan.state !== 'queued' && scan.state !== 'running') return undefined;
  return JSON.stringify({ state: scan.state, ...(await progressOf(transaction, scan)) });
}

interface Followed {
  seen: TeamView;
  id: string;
  after: number;
  followMs: number;
  signal: AbortSignal;
}

async function isStillIn(request: FastifyRequest): Promise<boolean> {
  try {
    await request.signInAgain();
    return true;
  } catch (error) {
    // That nobody can say now is no refusal: the stream's own questions tell.
    return !isScanError(error);
  }
}

async function* follow(store: Store, { seen, id, after, followMs, signal }: Followed): AsyncGenerator<string> {
  const bell = new Bell();
  using _ = store.signals.on(id, () => bell.ring());
  let last = after;
  let said = Date.now();
  let lookedAt = 0;
  let progress = '';
  while (!signal.aborted) {
    bell.reset();
    const { events, state, verdict, told } = await store.asTeam(seen, async transaction => {
      // The state first: what it followed from is in the events then.
      const found = await getScan(transaction, id);
      const since = await eventsAfter(transaction, id, last);
      const isDue = Date.now() > lookedAt + progressMs;
      if (isDue) lookedAt = Date.now();
      return { ...found, events: since, told: isDue ? await progressText(transaction, found) : undefined };
    });
    if (told !== undefined && told !== progress) {
      yield `event: progress\ndata: ${told}\n\n`; // without a number: it is of now, and nothing goes on after it
      progress = told;
    }
    for (const { n, kind, data } of events) {
      yield `id: ${n}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
      last = n;
      said = Date.now();
    }
    if (events.length > 0) continue;
    if (state !== 'queued' && state !== 'running') {
      yield `event: end\ndata: ${JSON.stringify({ state, verdict })}\n\n`;
      return;
    }
    if (Date.now() - said > aliveMs) {
      yield ': waiting\n\n';
      said = Date.now();
    }
    await bell.wait(followMs, signal);
  }
}
