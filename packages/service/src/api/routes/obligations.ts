// SPDX-License-Identifier: Apache-2.0
// What has to have been judged by when: said by approvers, reckoned from what clusters have and what scans have judged.
import * as z from 'zod';
import { chooseNamespaces } from '../../domain/ask.ts';
import { slug, uuid } from '../../domain/ids.ts';
import {
  newObligation,
  type ObligationState,
  obligationBody,
  obligationStates,
  toObligation,
} from '../../domain/obligation.ts';
import {
  askAgain,
  changeObligation,
  countStates,
  createObligation,
  deleteObligation,
  getObligation,
  listObligations,
  listWorkloads,
  type ObligationRow,
  unknownSince,
  type WorkloadRow,
} from '../../store/obligations.ts';
import { clustersOf, findProfile } from '../../store/registry.ts';
import type { TeamTransaction } from '../../store/store.ts';
import { obligation, obliged } from '../obligation-shapes.ts';
import { pageLimit, toPage } from '../paging.ts';
import { page } from '../shapes.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const byName = z.object({ name: slug });
const read = { access: { kind: 'team', role: 'viewer' } } as const;
const change = { access: { kind: 'team', role: 'approver' } } as const;
const tags = ['obligations'];

export function addObligationRoutes(server: Server, parts: ApiParts): void {
  addReads(server, parts);
  addWorkloads(server, parts);
  addCreation(server, parts);
  addChanges(server, parts);
  addAsking(server, parts);
}

const answerOf = async (transaction: TeamTransaction, row: ObligationRow) => {
  const now = new Date();
  return toAnswer(row, (await countStates(transaction, [row.id], now)).get(row.id) ?? {}, now);
};

function toAnswer(
  row: ObligationRow,
  counts: Partial<Record<ObligationState, number>>,
  now: Date,
): z.infer<typeof obligation> {
  const of = (state: ObligationState) => counts[state] ?? 0;
  return {
    name: row.slug,
    cluster: row.cluster,
    namespace: row.namespaces,
    selector: row.selector,
    profile: row.profile,
    withinDays: row.within_days,
    graceDays: row.grace_days,
    workloads: Object.values(counts).reduce((sum, count) => sum + count, 0),
    states: {
      fulfilled: of('fulfilled'),
      due: of('due'),
      overdue: of('overdue'),
      'never-scanned': of('never-scanned'),
      unknown: of('unknown'),
    },
    listedAt: row.listed_at?.toISOString() ?? null,
    unknownSince: unknownSince(row, now)?.toISOString() ?? null,
    gaps: row.gaps,
    createdAt: row.created_at.toISOString(),
  };
}

const dayMs = 86_400_000;

function toObliged(row: WorkloadRow, of: ObligationRow, now: Date): z.infer<typeof obliged> {
  const dueAt = (row.judged_at ?? row.first_seen_at).getTime() + of.within_days * dayMs;
  return {
    id: row.id,
    cluster: row.cluster,
    namespace: row.namespace,
    kind: row.kind,
    name: row.name,
    containers: row.containers,
    state: row.state,
    unknownSince: row.state === 'unknown' ? (unknownSince(gapsOf(row, of), now)?.toISOString() ?? null) : null,
    judgedAt: row.judged_at?.toISOString() ?? null,
    scan: row.scan_id,
    dueAt: new Date(dueAt).toISOString(),
    overdueAt: new Date(dueAt + of.grace_days * dayMs).toISOString(),
  };
}

/** The obligation as far as it is about one workload. */
const gapsOf = ({ cluster, namespace }: WorkloadRow, of: ObligationRow): ObligationRow => ({
  ...of,
  gaps: of.gaps.filter(gap => (gap.cluster ?? cluster) === cluster && (gap.namespace ?? namespace) === namespace),
});

function addReads(server: Server, { store }: ApiParts): void {
  server.get(
    '/obligations',
    {
      config: read,
      schema: {
        summary: 'Obligations of the team, by their names, and how far they are fulfilled',
        tags,
        querystring: z.strictObject({ after: slug.optional(), limit: pageLimit }),
        response: { 200: page(obligation, 'ObligationPage') },
      },
    },
    request =>
      store.asTeam(teamOf(request), async transaction => {
        const { after, limit } = request.query;
        const now = new Date();
        const rows = await listObligations(transaction, { after, limit: limit + 1 });
        const ids = rows.map(({ id }) => id);
        const counts = await countStates(transaction, ids, now);
        const named = rows.map(row => ({ id: row.slug, row }));
        return toPage(named, { limit, toItem: ({ row }) => toAnswer(row, counts.get(row.id) ?? {}, now) });
      }),
  );
  server.get(
    '/obligations/:name',
    { config: read, schema: { summary: 'One obligation', tags, params: byName, response: { 200: obligation } } },
    request =>
      store.asTeam(teamOf(request), async transaction =>
        answerOf(transaction, await getObligation(transaction, request.params.name)),
      ),
  );
}

function addWorkloads(server: Server, { store }: ApiParts): void {
  server.get(
    '/obligations/:name/workloads',
    {
      config: read,
      schema: {
        summary: 'Each workload that an obligation is about, also those that were never scanned',
        tags,
        params: byName,
        querystring: z.strictObject({
          state: z.enum(obligationStates).optional(),
          after: uuid.optional(),
          limit: pageLimit,
        }),
        response: { 200: page(obliged, 'ObligedWorkloadPage') },
      },
    },
    request =>
      store.asTeam(teamOf(request), async transaction => {
        const { state, after, limit } = request.query;
        const now = new Date();
        const of = await getObligation(transaction, request.params.name);
        const asked = { obligation: of.id, state, after, limit: limit + 1 };
        const rows = await listWorkloads(transaction, asked, now);
        return toPage(rows, { limit, toItem: row => toObliged(row, of, now) });
      }),
  );
}

/** What it names has to be there now; when that changes, it is a gap. */
async function requireThere(transaction: TeamTransaction, body: z.infer<typeof obligationBody>): Promise<void> {
  const open = await clustersOf(transaction);
  for (const namespace of body.namespace ?? [undefined]) chooseNamespaces({ cluster: body.cluster, namespace }, open);
  await findProfile(transaction, body.profile);
}

function addCreation(server: Server, { store }: ApiParts): void {
  server.post(
    '/obligations',
    {
      config: change,
      schema: {
        summary: 'Say what has to have been judged by when',
        tags,
        body: newObligation,
        response: { 201: obligation },
      },
    },
    async (request, reply) => {
      const { name, ...body } = request.body;
      const by = teamOf(request);
      const made = await store.asTeam(by, async transaction => {
        await requireThere(transaction, body);
        return answerOf(transaction, await createObligation(transaction, { slug: name, ...toObligation(body) }, by));
      });
      return reply.code(201).send(made);
    },
  );
}

function addChanges(server: Server, { store }: ApiParts): void {
  server.put(
    '/obligations/:name',
    {
      config: change,
      schema: {
        summary: 'Change an obligation; nothing is known of it until the clusters were asked again',
        tags,
        params: byName,
        body: obligationBody,
        response: { 200: obligation },
      },
    },
    request => {
      const { body } = request;
      const by = teamOf(request);
      return store.asTeam(by, async transaction => {
        await requireThere(transaction, body);
        const content = { slug: request.params.name, ...toObligation(body) };
        return answerOf(transaction, await changeObligation(transaction, content, by));
      });
    },
  );
  server.delete(
    '/obligations/:name',
    {
      config: change,
      schema: { summary: 'Oblige nobody any more', tags, params: byName, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const by = teamOf(request);
      await store.asTeam(by, transaction => deleteObligation(transaction, request.params.name, by));
      return reply.code(204).send(null);
    },
  );
}

function addAsking(server: Server, { store }: ApiParts): void {
  server.post(
    '/obligations/:name/list',
    {
      config: { access: { kind: 'team', role: 'scanner' } },
      schema: {
        summary: 'Let a scheduler ask the clusters now what they have, and not at its next turn',
        tags,
        params: byName,
        response: { 202: obligation },
      },
    },
    async (request, reply) => {
      const answer = await store.asTeam(teamOf(request), async transaction =>
        answerOf(transaction, await askAgain(transaction, request.params.name)),
      );
      return reply.code(202).send(answer);
    },
  );
}
