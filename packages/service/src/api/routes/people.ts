// SPDX-License-Identifier: Apache-2.0
// Teams, their keys, and who did what.
import { ScanError } from '@cinc-scan/core';
import { z } from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { slug, uuid } from '../../domain/ids.ts';
import { allows, teamRoles } from '../../domain/roles.ts';
import { brokenEntries } from '../../store/audit-log.ts';
import { createFirstKey, createTeam, createTeamKey, listKeys, listTeams, revokeKey } from '../../store/teams.ts';
import { apiKey, auditEntry, me, newKey, page, team } from '../shapes.ts';
import { platformOf, teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

export function addPeopleRoutes(server: Server, parts: ApiParts): void {
  addMe(server);
  addTeams(server, parts);
  addKeys(server, parts);
  addAudit(server, parts);
}

function addMe(server: Server): void {
  server.get(
    '/me',
    {
      config: { access: { kind: 'signed-in' } },
      schema: { summary: 'Whose key this is', tags: ['keys'], response: { 200: me } },
    },
    async ({ caller }) => {
      if (caller === undefined) throw new ScanError('SERVICE_KEY_INVALID', 'There is no key');
      return { name: caller.name, role: caller.role, team: caller.kind === 'team' ? caller.teamSlug : null };
    },
  );
}

const dayMs = 86_400_000;
const keyBody = {
  name: z.string().min(1).max(100),
  days: z.int().min(1).max(366).describe('Until it expires'),
};
const expiryOf = (days: number): Date => new Date(Date.now() + days * dayMs);

function addTeams(server: Server, parts: ApiParts): void {
  addTeamList(server, parts);
  addTeamCreation(server, parts);
}

function addTeamList(server: Server, { store }: ApiParts): void {
  server.get(
    '/teams',
    {
      config: { access: { kind: 'platform', role: 'auditor' } },
      schema: { summary: 'All teams', tags: ['teams'], response: { 200: z.object({ items: z.array(team) }) } },
    },
    async () => {
      const rows = await store.asPlatform(listTeams);
      return {
        items: rows.map(row => ({
          name: row.slug,
          title: row.name,
          queueQuota: row.queue_quota,
          createdAt: row.created_at.toISOString(),
        })),
      };
    },
  );
}

function addTeamCreation(server: Server, { store }: ApiParts): void {
  server.post(
    '/teams',
    {
      config: { access: { kind: 'platform', role: 'operator' } },
      schema: {
        summary: 'Make a team, with the key of its first administrator',
        tags: ['teams'],
        body: z
          .strictObject({ name: slug, title: z.string().min(1).max(200), days: keyBody.days })
          .register(apiTypes, { id: 'NewTeam' }),
        response: { 201: newKey },
      },
    },
    async (request, reply) => {
      const { name, title, days } = request.body;
      const by = platformOf(request).principal;
      const expiresAt = expiryOf(days);
      const made = await store.asPlatform(async transaction => {
        const id = await createTeam(transaction, { slug: name, name: title }, by);
        return createFirstKey(transaction, { name: 'first administrator', role: 'admin', team: id, expiresAt }, by);
      });
      return reply.code(201).send({ id: made.id, key: made.text.reveal(), expiresAt: expiresAt.toISOString() });
    },
  );
}

function addKeys(server: Server, parts: ApiParts): void {
  addKeyList(server, parts);
  addKeyCreation(server, parts);
  addKeyRevocation(server, parts);
}

function addKeyList(server: Server, { store }: ApiParts): void {
  server.get(
    '/keys',
    {
      config: { access: { kind: 'team', role: 'admin' } },
      schema: { summary: 'Keys of the team', tags: ['keys'], response: { 200: z.object({ items: z.array(apiKey) }) } },
    },
    async request => ({ items: (await store.asTeam(teamOf(request).team, listKeys)).map(toKey) }),
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
        body: z.strictObject({ ...keyBody, role: z.enum(teamRoles) }).register(apiTypes, { id: 'NewKeyRequest' }),
        response: { 201: newKey },
      },
    },
    async (request, reply) => {
      const { name, role, days } = request.body;
      const caller = teamOf(request);
      if (!allows(caller.role, role))
        throw new ScanError('SERVICE_FORBIDDEN', `A key of ${caller.role} makes none of ${role}`);
      const expiresAt = expiryOf(days);
      const made = await store.asTeam(caller.team, transaction =>
        createTeamKey(transaction, { name, role, expiresAt }, caller),
      );
      return reply.code(201).send({ id: made.id, key: made.text.reveal(), expiresAt: expiresAt.toISOString() });
    },
  );
}

function addKeyRevocation(server: Server, { store }: ApiParts): void {
  server.delete(
    '/keys/:id',
    {
      config: { access: { kind: 'team', role: 'admin' } },
      schema: { summary: 'Revoke a key', tags: ['keys'], params: z.object({ id: uuid }), response: { 204: z.null() } },
    },
    async (request, reply) => {
      const caller = teamOf(request);
      await store.asTeam(caller.team, transaction => revokeKey(transaction, request.params.id, caller));
      return reply.code(204).send(null);
    },
  );
}

type KeyRow = Awaited<ReturnType<typeof listKeys>>[number];

const toKey = (row: KeyRow) => ({
  id: row.id,
  publicId: row.public_id,
  name: row.name,
  role: row.role,
  expiresAt: row.expires_at.toISOString(),
  revokedAt: row.revoked_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
});

function addAudit(server: Server, parts: ApiParts): void {
  addAuditList(server, parts);
  addAuditVerification(server, parts);
}

function addAuditList(server: Server, { store }: ApiParts): void {
  server.get(
    '/audit',
    {
      config: { access: { kind: 'platform', role: 'auditor' } },
      schema: {
        summary: 'Who did what, the newest first',
        tags: ['audit'],
        querystring: z.strictObject({
          after: z.coerce.number().int().min(1).optional(),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
        response: { 200: page(auditEntry, 'AuditPage') },
      },
    },
    async request => {
      const { after, limit } = request.query;
      const rows = await store.asPlatform(transaction =>
        transaction
          .selectFrom('audit_entry')
          .selectAll()
          .$if(after !== undefined, query => query.where('n', '<', after ?? 0))
          .orderBy('n', 'desc')
          .limit(limit + 1)
          .execute(),
      );
      const items = rows.slice(0, limit).map(row => ({
        n: Number(row.n),
        at: row.at.toISOString(),
        team: row.team_id,
        principal: row.principal_id,
        action: row.action,
        object: row.object,
        detail: row.detail,
        hash: Buffer.from(row.hash).toString('hex'),
      }));
      return { items, next: rows.length > limit ? String(items.at(-1)?.n) : null };
    },
  );
}

function addAuditVerification(server: Server, { store }: ApiParts): void {
  server.get(
    '/audit/verification',
    {
      config: { access: { kind: 'platform', role: 'auditor' } },
      schema: {
        summary: 'Whether the chain of entries is whole',
        tags: ['audit'],
        response: { 200: z.object({ whole: z.boolean(), broken: z.array(z.int()) }) },
      },
    },
    async () => {
      const broken = await store.asPlatform(brokenEntries);
      return { whole: broken.length === 0, broken };
    },
  );
}
