// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { uuid } from '../../domain/ids.ts';
import { platformRoles, teamRoles } from '../../domain/roles.ts';
import { listMembers, listPeople } from '../../store/people.ts';
import { endSessionsOf } from '../../store/sessions.ts';
import { platformOf, teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const member = z
  .object({ id: uuid, name: z.string(), kind: z.enum(['person', 'program', 'system']), role: z.enum(teamRoles) })
  .register(apiTypes, { id: 'Member' });

const person = z
  .object({
    id: uuid,
    name: z.string(),
    role: z.enum(platformRoles).nullable().describe('Of the platform'),
    seenAt: z.iso.datetime().nullable().describe('null: signed in nowhere'),
  })
  .register(apiTypes, { id: 'Person' });

const tags = ['people'];

export function addMemberRoutes(server: Server, { store }: ApiParts): void {
  server.get(
    '/members',
    {
      config: { access: { kind: 'team', role: 'admin' } },
      schema: {
        summary: 'People who are of the team since they signed in last, and programs with a key',
        tags,
        response: { 200: z.object({ items: z.array(member) }) },
      },
    },
    async request => ({ items: await store.asTeam(teamOf(request), listMembers) }),
  );
  server.get(
    '/platform/people',
    {
      config: { access: { kind: 'platform', role: 'auditor' } },
      schema: { summary: 'Everybody who has signed in', tags, response: { 200: z.object({ items: z.array(person) }) } },
    },
    async () => ({
      items: (await store.asPlatform(listPeople)).map(({ seen, ...each }) => ({
        ...each,
        seenAt: seen?.toISOString() ?? null,
      })),
    }),
  );
  addSessionEnd(server, { store });
}

function addSessionEnd(server: Server, { store }: Pick<ApiParts, 'store'>): void {
  server.delete(
    '/platform/people/:id/sessions',
    {
      config: { access: { kind: 'platform', role: 'operator' } },
      schema: {
        summary: 'Sign a person out everywhere; who may come back signs in again',
        tags,
        params: z.object({ id: uuid }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const by = platformOf(request).principal;
      await store.asPlatform(transaction => endSessionsOf(transaction, request.params.id, by));
      return reply.code(204).send(null);
    },
  );
}
