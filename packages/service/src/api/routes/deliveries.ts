// SPDX-License-Identifier: Apache-2.0
// What was told to others, or could not be, and what it is signed with.
import { randomBytes } from 'node:crypto';
import { Secret } from '@cinc-scan/core';
import * as z from 'zod';
import { deliveryStates } from '../../domain/delivery-states.ts';
import { uuid } from '../../domain/ids.ts';
import { listDeliveries, removeSigningSecret, resend, setSigningSecret } from '../../store/deliveries.ts';
import { pageLimit, toPage } from '../paging.ts';
import { delivery, page } from '../shapes.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

export function addDeliveryRoutes(server: Server, parts: ApiParts): void {
  addList(server, parts);
  addResend(server, parts);
  addSigningSecret(server, parts);
}

type DeliveryRow = Awaited<ReturnType<typeof listDeliveries>>[number];

const toDelivery = (row: DeliveryRow): z.infer<typeof delivery> => ({
  id: row.id,
  kind: row.kind,
  subject: row.subject,
  to: row.shown,
  state: row.state,
  attempts: row.attempts,
  nextAt: row.state === 'waiting' ? row.next_at.toISOString() : null,
  lastAnswer: row.last_answer,
  createdAt: row.created_at.toISOString(),
  finishedAt: row.finished_at?.toISOString() ?? null,
});

function addList(server: Server, { store }: ApiParts): void {
  server.get(
    '/deliveries',
    {
      config: { access: { kind: 'team', role: 'viewer' } },
      schema: {
        summary: 'What was told to others, or could not be; the newest first',
        tags: ['deliveries'],
        querystring: z.strictObject({
          state: z.enum(deliveryStates).optional(),
          after: uuid.optional(),
          limit: pageLimit,
        }),
        response: { 200: page(delivery, 'DeliveryPage') },
      },
    },
    async request => {
      const { limit, ...query } = request.query;
      const asked = { state: query.state, after: query.after, limit: limit + 1 };
      const rows = await store.asTeam(teamOf(request), transaction => listDeliveries(transaction, asked));
      return toPage(rows, { limit, toItem: toDelivery });
    },
  );
}

function addResend(server: Server, { store }: ApiParts): void {
  server.post(
    '/deliveries/:id/resend',
    {
      config: { access: { kind: 'team', role: 'scanner' } },
      schema: {
        summary: 'Tell it once more, under the same id',
        tags: ['deliveries'],
        params: z.object({ id: uuid }),
        response: { 202: delivery },
      },
    },
    async (request, reply) => {
      const caller = teamOf(request);
      const row = await store.asTeam(caller, transaction => resend(transaction, request.params.id, caller));
      return reply.code(202).send(toDelivery(row));
    },
  );
}

function addSigningSecret(server: Server, { store, sealer }: ApiParts): void {
  const config = { access: { kind: 'team', role: 'admin' } } as const;
  const answer = z.object({ secret: z.string().describe('Shown this once') });
  server.put(
    '/signing-secret',
    {
      config,
      schema: {
        summary: 'Make a new secret that messages of the team are signed with (Standard Webhooks)',
        tags: ['deliveries'],
        response: { 200: answer },
      },
    },
    async request => {
      const caller = teamOf(request);
      const secret = new Secret(`whsec_${randomBytes(32).toString('base64')}`);
      await store.asTeam(caller, transaction => setSigningSecret(transaction, { secret, sealer }, caller));
      return { secret: secret.reveal() };
    },
  );
  server.delete(
    '/signing-secret',
    {
      config,
      schema: { summary: 'Sign messages of the team no more', tags: ['deliveries'], response: { 204: z.null() } },
    },
    async (request, reply) => {
      const caller = teamOf(request);
      await store.asTeam(caller, transaction => removeSigningSecret(transaction, caller));
      return reply.code(204).send(null);
    },
  );
}
