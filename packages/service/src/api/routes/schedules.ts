// SPDX-License-Identifier: Apache-2.0
// What is scanned again and again: said by those who may scan, seen to by the schedulers.
import * as z from 'zod';
import { callbackOf, toAsk } from '../../domain/ask.ts';
import { nextTimes } from '../../domain/cadence.ts';
import { slug } from '../../domain/ids.ts';
import { delayMsOf, newSchedule, scheduleBody, toTiming } from '../../domain/schedule.ts';
import { requireAskable } from '../../queue/ask-for-scan.ts';
import {
  cadenceOf,
  changeSchedule,
  createSchedule,
  deleteSchedule,
  type FiringRow,
  getSchedule,
  lastFirings,
  listFirings,
  listSchedules,
  pauseSchedule,
  type ScheduleRow,
} from '../../store/schedules.ts';
import type { TeamTransaction } from '../../store/store.ts';
import type { TeamCaller } from '../../store/teams.ts';
import { pageLimit, toPage } from '../paging.ts';
import { firing, firingPage, schedule } from '../schedule-shapes.ts';
import { page } from '../shapes.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const byName = z.object({ name: slug });
const read = { access: { kind: 'team', role: 'viewer' } } as const;
const change = { access: { kind: 'team', role: 'scanner' } } as const;
const tags = ['schedules'];

export function addScheduleRoutes(server: Server, parts: ApiParts): void {
  addReads(server, parts);
  addFirings(server, parts);
  addCreation(server, parts);
  addChanges(server, parts);
  addPauses(server, parts);
}

/** With its last firing. */
const answerOf = async (transaction: TeamTransaction, row: ScheduleRow) =>
  toSchedule(row, (await lastFirings(transaction, [row.id])).get(row.id));

const howManyNext = 5;

function toSchedule(row: ScheduleRow, last: FiringRow | undefined): z.infer<typeof schedule> {
  const delay = delayMsOf(row.id, row.jitter_seconds);
  const next =
    row.nominal_at === null ? [] : nextTimes(cadenceOf(row), new Date(row.nominal_at.getTime() - 1), howManyNext);
  return {
    name: row.slug,
    cron: row.cron,
    timeZone: row.zone,
    everySeconds: row.every_seconds,
    jitterSeconds: row.jitter_seconds,
    delaySeconds: delay / 1000,
    paused: row.paused_at !== null,
    next: next.map(time => new Date(time.getTime() + delay).toISOString()),
    last: last === undefined ? null : toFiring(last),
    scan: row.ask,
    callback: row.callback_shown,
    createdAt: row.created_at.toISOString(),
  };
}

const toFiring = (row: FiringRow): z.infer<typeof firing> => ({
  at: row.at.toISOString(),
  firedAt: row.fired_at.toISOString(),
  missedSince: row.missed_since?.toISOString() ?? null,
  outcome: row.outcome,
  joined: row.joined,
  scan: row.scan_id,
  error: row.error,
});

function addReads(server: Server, { store }: ApiParts): void {
  server.get(
    '/schedules',
    {
      config: read,
      schema: {
        summary: 'Schedules of the team, by their names',
        tags,
        querystring: z.strictObject({ after: slug.optional(), limit: pageLimit }),
        response: { 200: page(schedule, 'SchedulePage') },
      },
    },
    request =>
      store.asTeam(teamOf(request), async transaction => {
        const { after, limit } = request.query;
        const rows = await listSchedules(transaction, { after, limit: limit + 1 });
        const last = await lastFirings(
          transaction,
          rows.map(({ id }) => id),
        );
        const named = rows.map(row => ({ id: row.slug, row }));
        return toPage(named, { limit, toItem: ({ row }) => toSchedule(row, last.get(row.id)) });
      }),
  );
  server.get(
    '/schedules/:name',
    { config: read, schema: { summary: 'One schedule', tags, params: byName, response: { 200: schedule } } },
    request =>
      store.asTeam(teamOf(request), async transaction =>
        answerOf(transaction, await getSchedule(transaction, request.params.name)),
      ),
  );
}

function addFirings(server: Server, { store }: ApiParts): void {
  server.get(
    '/schedules/:name/firings',
    {
      config: read,
      schema: {
        summary: 'Each time that a schedule has fired, and what came of it; the newest first',
        tags,
        params: byName,
        querystring: z.strictObject({ after: z.iso.datetime().optional(), limit: pageLimit }),
        response: { 200: firingPage },
      },
    },
    request =>
      store.asTeam(teamOf(request), async transaction => {
        const { after, limit } = request.query;
        const { id } = await getSchedule(transaction, request.params.name);
        const before = after === undefined ? undefined : new Date(after);
        const rows = await listFirings(transaction, { schedule: id, before, limit: limit + 1 });
        const dated = rows.map(row => ({ id: row.at.toISOString(), row }));
        return toPage(dated, { limit, toItem: ({ row }) => toFiring(row) });
      }),
  );
}

type Body = z.infer<typeof scheduleBody>;

/** What it asks for has to be there now; each firing looks again. */
function write<T>(
  { store, blobs, sealer }: ApiParts,
  { body, by }: { body: Body; by: TeamCaller },
  save: (
    transaction: TeamTransaction,
    content: Parameters<typeof changeSchedule>[1],
    written: Parameters<typeof changeSchedule>[2],
  ) => Promise<T>,
): Promise<T> {
  const now = new Date();
  const ask = toAsk(body.scan);
  const content = { slug: '', ...toTiming(body, now), ask, address: callbackOf(body.scan) };
  return store.asTeam(by, async transaction => {
    await requireAskable(transaction, ask, blobs);
    return save(transaction, content, { by, sealer, now });
  });
}

function addCreation(server: Server, parts: ApiParts): void {
  server.post(
    '/schedules',
    {
      config: change,
      schema: { summary: 'Scan again and again', tags, body: newSchedule, response: { 201: schedule } },
    },
    async (request, reply) => {
      const { name, ...body } = request.body;
      const made = await write(parts, { body, by: teamOf(request) }, async (transaction, content, written) =>
        answerOf(transaction, await createSchedule(transaction, { ...content, slug: name }, written)),
      );
      return reply.code(201).send(made);
    },
  );
}

function addChanges(server: Server, parts: ApiParts): void {
  server.put(
    '/schedules/:name',
    {
      config: change,
      schema: {
        summary: 'Change a schedule; from then on it asks in the name of who changed it',
        tags,
        params: byName,
        body: scheduleBody,
        response: { 200: schedule },
      },
    },
    request =>
      write(parts, { body: request.body, by: teamOf(request) }, async (transaction, content, written) =>
        answerOf(transaction, await changeSchedule(transaction, { ...content, slug: request.params.name }, written)),
      ),
  );
  server.delete(
    '/schedules/:name',
    {
      config: change,
      schema: { summary: 'Scan no more by a schedule', tags, params: byName, response: { 204: z.null() } },
    },
    async (request, reply) => {
      const by = teamOf(request);
      await parts.store.asTeam(by, transaction => deleteSchedule(transaction, request.params.name, by));
      return reply.code(204).send(null);
    },
  );
}

function addPauses(server: Server, { store }: ApiParts): void {
  for (const [word, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const)
    server.post(
      `/schedules/:name/${word}`,
      {
        config: change,
        schema: {
          summary: paused ? 'Let a schedule rest' : 'Let it fire again; what it missed meanwhile is not made up for',
          tags,
          params: byName,
          response: { 200: schedule },
        },
      },
      request => {
        const by = teamOf(request);
        const slugged = { slug: request.params.name, paused };
        return store.asTeam(by, async transaction =>
          answerOf(transaction, await pauseSchedule(transaction, slugged, { by, now: new Date() })),
        );
      },
    );
}
