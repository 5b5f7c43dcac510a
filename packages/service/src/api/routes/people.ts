// SPDX-License-Identifier: Apache-2.0
// Who calls, teams, and who did what.
import * as z from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { slug } from '../../domain/ids.ts';
import { verifyChain } from '../../store/audit-log.ts';
import { createFirstKey } from '../../store/keys.ts';
import { type Caller, createTeam, listTeams } from '../../store/teams.ts';
import { auditEntry, me, newKey, page, team } from '../shapes.ts';
import { platformOf } from '../sign-in.ts';
import { expiryOf, keyDays } from './keys.ts';
import type { ApiParts, Server } from './routes.ts';

export function addPeopleRoutes(server: Server, parts: ApiParts): void {
  addMe(server);
  addTeams(server, parts);
  addAudit(server, parts);
}

function addMe(server: Server): void {
  server.get(
    '/me',
    {
      config: { access: { kind: 'signed-in', scoped: true } },
      schema: { summary: 'Who you are here', tags: ['keys'], response: { 200: me } },
    },
    async ({ caller, callers }) => ({
      name: callers[0]?.name ?? '',
      ...roleOf(caller),
      teams: callers.flatMap(each => (each.kind === 'team' ? [{ name: each.teamSlug, role: each.role }] : [])),
      platform: callers.find(each => each.kind === 'platform')?.role ?? null,
    }),
  );
}

function roleOf(caller: Caller | undefined) {
  if (caller?.kind === 'team') return { role: caller.role, team: caller.teamSlug, scope: caller.scope };
  return { role: caller?.kind === 'platform' ? caller.role : null, team: null, scope: null };
}

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
          .strictObject({ name: slug, title: z.string().min(1).max(200), days: keyDays })
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
        response: {
          200: z.object({
            whole: z.boolean(),
            broken: z.array(z.int()).describe('Numbers of entries that were changed, or do not follow the one before'),
            head: z
              .object({ n: z.int(), hash: z.string() })
              .nullable()
              .describe('The last entry: kept elsewhere it tells when entries are taken off the end'),
          }),
        },
      },
    },
    async () => {
      const { broken, head } = await store.asPlatform(verifyChain);
      return { whole: broken.length === 0, broken: broken.map(({ n }) => n), head: head ?? null };
    },
  );
}
