// SPDX-License-Identifier: Apache-2.0
// Keys of teams, made by their administrators, and keys of the platform, made by operators.
import { ScanError } from '@cinc-scan/core';
import * as z from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { slug, uuid } from '../../domain/ids.ts';
import { keyScope, toScope } from '../../domain/key-scope.ts';
import { allows, platformRoles, teamRoles } from '../../domain/roles.ts';
import {
  createFirstKey,
  createTeamKey,
  listKeys,
  listPlatformKeys,
  type MadeKey,
  revokeKey,
  revokePlatformKey,
} from '../../store/keys.ts';
import { apiKey, newKey } from '../shapes.ts';
import { platformOf, teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const dayMs = 86_400_000;
export const keyDays = z.int().min(1).max(366).describe('Until it expires');
export const expiryOf = (days: number): Date => new Date(Date.now() + days * dayMs);

const keyBody = { name: z.string().min(1).max(100), days: keyDays };
const byId = z.object({ id: uuid });
const list = z.object({ items: z.array(apiKey) });

export function addKeyRoutes(server: Server, parts: ApiParts): void {
  addKeyList(server, parts);
  addKeyCreation(server, parts);
  addKeyRevocation(server, parts);
  addPlatformKeyList(server, parts);
  addPlatformKeyCreation(server, parts);
  addPlatformKeyRevocation(server, parts);
}

function addKeyList(server: Server, { store }: ApiParts): void {
  server.get(
    '/keys',
    {
      config: { access: { kind: 'team', role: 'admin' } },
      schema: { summary: 'Keys of the team', tags: ['keys'], response: { 200: list } },
    },
    async request => ({ items: (await store.asTeam(teamOf(request), listKeys)).map(toKey) }),
  );
}

function addKeyCreation(server: Server, { store }: ApiParts): void {
  server.post(
    '/keys',
    {
      config: { access: { kind: 'team', role: 'admin' } },
      schema: {
        summary: 'Make a key for a program',
        tags: ['keys'],
        body: z
          .strictObject({ ...keyBody, role: z.enum(teamRoles), scope: keyScope.optional() })
          .register(apiTypes, { id: 'NewKeyRequest' }),
        response: { 201: newKey },
      },
    },
    async (request, reply) => {
      const { name, role, days, scope } = request.body;
      const caller = teamOf(request);
      if (!allows(caller.role, role))
        throw new ScanError('SERVICE_FORBIDDEN', `A key of ${caller.role} makes none of ${role}`);
      const key = { name, role, scope: toScope(scope), expiresAt: expiryOf(days) };
      const made = await store.asTeam(caller, transaction => createTeamKey(transaction, key, caller));
      return reply.code(201).send(shownOnce(made, key.expiresAt));
    },
  );
}

function addKeyRevocation(server: Server, { store }: ApiParts): void {
  server.delete(
    '/keys/:id',
    {
      config: { access: { kind: 'team', role: 'admin' } },
      schema: { summary: 'Revoke a key', tags: ['keys'], params: byId, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const caller = teamOf(request);
      await store.asTeam(caller, transaction => revokeKey(transaction, request.params.id, caller));
      return reply.code(204).send(null);
    },
  );
}

function addPlatformKeyList(server: Server, { store }: ApiParts): void {
  server.get(
    '/platform/keys',
    {
      config: { access: { kind: 'platform', role: 'auditor' } },
      schema: { summary: 'Keys of the platform', tags: ['keys'], response: { 200: list } },
    },
    async () => ({ items: (await store.asPlatform(listPlatformKeys)).map(toKey) }),
  );
}

function addPlatformKeyCreation(server: Server, { store }: ApiParts): void {
  server.post(
    '/platform/keys',
    {
      config: { access: { kind: 'platform', role: 'operator' } },
      schema: {
        summary: 'Make a key for an operator, an auditor or a runner of the platform',
        tags: ['keys'],
        body: z
          .discriminatedUnion('role', [
            z.strictObject({ ...keyBody, role: z.enum(platformRoles) }),
            z.strictObject({
              ...keyBody,
              role: z.literal('runner'),
              regions: z.array(slug).min(1).max(100).describe('Whose clusters it serves'),
            }),
          ])
          .register(apiTypes, { id: 'NewPlatformKeyRequest' }),
        response: { 201: newKey },
      },
    },
    async (request, reply) => {
      const { name, role, days } = request.body;
      const by = platformOf(request).principal;
      const regions = 'regions' in request.body ? request.body.regions : undefined;
      const key = { name, role, regions, team: null, expiresAt: expiryOf(days) };
      const made = await store.asPlatform(transaction => createFirstKey(transaction, key, by));
      return reply.code(201).send(shownOnce(made, key.expiresAt));
    },
  );
}

function addPlatformKeyRevocation(server: Server, { store }: ApiParts): void {
  server.delete(
    '/platform/keys/:id',
    {
      config: { access: { kind: 'platform', role: 'operator' } },
      schema: { summary: 'Revoke a key of the platform', tags: ['keys'], params: byId, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const by = platformOf(request).principal;
      await store.asPlatform(transaction => revokePlatformKey(transaction, request.params.id, by));
      return reply.code(204).send(null);
    },
  );
}

const shownOnce = ({ id, text }: MadeKey, expiresAt: Date) => ({
  id,
  key: text.reveal(),
  expiresAt: expiresAt.toISOString(),
});

type KeyRow = Awaited<ReturnType<typeof listKeys>>[number];

const toKey = (row: KeyRow) => ({
  id: row.id,
  publicId: row.public_id,
  name: row.name,
  role: row.role,
  scope: row.scope,
  expiresAt: row.expires_at.toISOString(),
  revokedAt: row.revoked_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
});
