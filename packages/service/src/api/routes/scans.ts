// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { callbackOf, scanBody, toAsk } from '../../domain/ask.ts';
import { uuid } from '../../domain/ids.ts';
import { askForScan } from '../../queue/ask-for-scan.ts';
import { type Progress, progressOf } from '../../store/progress.ts';
import { getScan, listScans, requestCancel, type ScanRow } from '../../store/scans.ts';
import { asService } from '../../store/store.ts';
import { pageLimit, toPage } from '../paging.ts';
import { cancelledScan, page, scan, scanStates, submittedScan } from '../shapes.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';
import { streamEvents } from './scan-events.ts';
import { addScanImport } from './scan-import.ts';
import { addResultRoutes } from './scan-results.ts';

const byId = z.object({ id: uuid });

const asker = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'expected up to 200 visible characters')
    .optional(),
});

export function addScanRoutes(server: Server, parts: ApiParts): void {
  addSubmit(server, parts);
  addReads(server, parts);
  addScanImport(server, parts);
  addResultRoutes(server, parts);
  streamEvents(server, parts);
  server.post(
    '/scans/:id/cancel',
    {
      config: { access: { kind: 'team', role: 'scanner', scoped: true } },
      schema: {
        summary: 'End a scan; what it made in the cluster is taken back',
        description:
          'With the idempotency key under which it was asked for, only that request is taken back: the scan ends when nobody else waits for it.',
        tags: ['scans'],
        params: byId,
        headers: asker,
        response: { 202: cancelledScan },
      },
    },
    async (request, reply) => {
      const caller = teamOf(request);
      const { id } = request.params;
      const cancelling = { id, asker: request.headers['idempotency-key'] };
      const done = await parts.store.asTeam(caller, async transaction => {
        const { waitedFor, ...now } = await requestCancel(transaction, cancelling, caller);
        if (waitedFor === undefined) return now;
        await asService(transaction);
        await parts.queue.drop(transaction, { id, cluster: waitedFor });
        return now;
      });
      parts.store.signals.say(id);
      return reply.code(202).send(done);
    },
  );
}

function addSubmit(server: Server, parts: ApiParts): void {
  const { store, onQueued, longestWaitMs } = parts;
  server.post(
    '/scans',
    {
      config: { access: { kind: 'team', role: 'scanner', scoped: true } },
      schema: {
        summary: 'Ask for a scan',
        tags: ['scans'],
        body: scanBody,
        headers: asker,
        response: { 202: submittedScan, 200: submittedScan },
      },
    },
    async (request, reply) => {
      const submission = {
        ask: toAsk(request.body),
        idempotencyKey: request.headers['idempotency-key'],
        deadline: new Date(Date.now() + longestWaitMs),
      };
      const asked = { submission, address: callbackOf(request.body), caller: teamOf(request) };
      const submitted = await store.asTeam(asked.caller, transaction => askForScan(transaction, asked, parts));
      onQueued();
      const links = linksOf(submitted.id);
      return reply
        .code(submitted.kind === 'new' ? 202 : 200)
        .header('location', links.self)
        .send({ id: submitted.id, kind: submitted.kind, joined: submitted.joined, links });
    },
  );
}

function linksOf(id: string) {
  const self = `/api/v1/scans/${id}`;
  return { self, results: `${self}/results`, events: `${self}/events` };
}

function addReads(server: Server, parts: ApiParts): void {
  addScanList(server, parts);
  addScan(server, parts);
}

function addScanList(server: Server, { store }: ApiParts): void {
  server.get(
    '/scans',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'Scans of the team, the newest first',
        tags: ['scans'],
        querystring: z.strictObject({
          state: z.enum(scanStates).optional(),
          after: uuid.optional(),
          limit: pageLimit,
        }),
        response: { 200: page(scan, 'ScanPage') },
      },
    },
    async request => {
      const { state, after, limit } = request.query;
      const rows = await store.asTeam(teamOf(request), transaction =>
        listScans(transaction, { state, after, limit: limit + 1 }),
      );
      return toPage(rows, { limit, toItem: row => toScan(row, notAsked) });
    },
  );
}

function addScan(server: Server, { store }: ApiParts): void {
  server.get(
    '/scans/:id',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: { summary: 'One scan', tags: ['scans'], params: byId, response: { 200: scan } },
    },
    request =>
      store.asTeam(teamOf(request), async transaction => {
        const row = await getScan(transaction, request.params.id);
        return toScan(row, await progressOf(transaction, row));
      }),
  );
}

const toMoment = (date: Date | null): string | null => date?.toISOString() ?? null;

const notAsked: Progress = { queue: null, estimate: null };

const secondsBetween = (from: Date, to: Date): number =>
  Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));

function toScan(row: ScanRow, { queue, estimate }: Progress): z.infer<typeof scan> {
  const { verdict, requested_at: requested, started_at: started, finished_at: finished } = row;
  const now = new Date();
  return {
    id: row.id,
    state: row.state,
    verdict: verdict === 'pass' || verdict === 'fail' ? verdict : null,
    reason: row.reason,
    exitCode: row.exit_code,
    error: row.error,
    counts: row.counts,
    attempt: row.attempt,
    position: queue?.position ?? null,
    queue,
    estimate,
    waitedSeconds: secondsBetween(requested, started ?? finished ?? now),
    ranSeconds: started && secondsBetween(started, finished ?? now),
    cancelRequested: row.cancel_requested,
    requestedAt: row.requested_at.toISOString(),
    deadlineAt: row.deadline_at.toISOString(),
    startedAt: toMoment(row.started_at),
    finishedAt: toMoment(row.finished_at),
    runId: row.run_id,
    isolation: row.isolation,
    origin: row.imported === null ? 'service' : 'imported',
    imported: row.imported,
    ask: row.ask,
    pins: row.pins,
  };
}
