// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { reportKinds, ScanError } from '@cinc-scan/core';
import * as z from 'zod';
import { uuid } from '../../domain/ids.ts';
import { keptDays } from '../../domain/retention.ts';
import { findingsKind } from '../../findings/run-findings.ts';
import { readRetention } from '../../store/retention.ts';
import { getScan, reportsOf } from '../../store/scans.ts';
import type { Store, TeamView } from '../../store/store.ts';
import { reportList } from '../shapes.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

export function addResultRoutes(server: Server, parts: ApiParts): void {
  addReportList(server, parts);
  addReport(server, parts);
}

const byId = z.object({ id: uuid });

function addReportList(server: Server, { store }: ApiParts): void {
  server.get(
    '/scans/:id/reports',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'The reports that a scan left',
        tags: ['scans'],
        params: byId,
        response: { 200: reportList },
      },
    },
    async request => {
      const rows = await readReports(store, teamOf(request), request.params.id);
      return { items: rows.map(({ file, kind, blob, bytes }) => ({ file, kind, digest: blob, bytes: Number(bytes) })) };
    },
  );
}

const readReports = (store: Store, seen: TeamView, id: string) =>
  store.asTeam(seen, async transaction => {
    await getScan(transaction, id); // 404 for a scan of another team
    return reportsOf(transaction, id);
  });

const whichReport = z.strictObject({
  format: z.enum([...Object.keys(reportKinds), findingsKind]).default('scan'),
  file: z.string().max(500).optional().describe('Of a report with a file for each target; its names are in reports'),
});

function addReport(server: Server, { store, blobs }: ApiParts): void {
  server.get(
    '/scans/:id/results',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'One report, as the run wrote it',
        tags: ['scans'],
        params: byId,
        querystring: whichReport,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const rows = await readReports(store, teamOf(request), id);
      const found =
        chooseReport(rows, request.query, id) ?? (await missing(store, teamOf(request), { ...request.query, id }));
      const tag = `"${found.blob}"`;
      // A page of somebody else's text is not for this origin: it is saved, not shown.
      reply
        .header('etag', tag)
        .header('cache-control', 'private, no-cache')
        .header('content-disposition', 'attachment');
      if (request.headers['if-none-match'] === tag) return reply.code(304).send();
      // Where the content turns out not to be what it was, the answer ends before so many bytes.
      reply.type(mediaType(found.file)).header('content-length', Number(found.bytes)).header('accept-ranges', 'none');
      return reply.send(request.method === 'HEAD' ? Readable.from([]) : await blobs.getStream(found.blob));
    },
  );
}

type ReportRow = Awaited<ReturnType<typeof readReports>>[number];

function chooseReport(
  rows: ReportRow[],
  { format, file }: z.infer<typeof whichReport>,
  id: string,
): ReportRow | undefined {
  const [found, second] = rows.filter(
    ({ kind, file: name }) => kind === format && (file === undefined || file === name),
  );
  if (second === undefined) return found;
  throw new ScanError('INPUT_INVALID', `Scan ${id} has several files of ${format}: name one with file`);
}

/** One that was deleted is another thing than one that never was. */
async function missing(
  store: Store,
  team: TeamView,
  { id, format, file }: z.infer<typeof whichReport> & { id: string },
): Promise<never> {
  const what = `report ${format}${file === undefined ? '' : ` ${file}`}`;
  const over = await store.asTeam(team, async transaction => {
    const { finished_at, requested_at } = await getScan(transaction, id);
    const days = keptDays(await readRetention(transaction), format);
    if (finished_at === null || days === null) return false;
    return Date.now() - Math.max(finished_at.getTime(), requested_at.getTime()) > days * 86_400_000;
  });
  throw new ScanError('SERVICE_NOT_FOUND', `Scan ${id} has no ${what}${over ? ' any more' : ''}`, {
    ...(over && { remedy: '/api/v1/retention says how long the team keeps what; scan again for new results.' }),
  });
}

const mediaTypes: Record<string, string> = {
  json: 'application/json',
  sarif: 'application/sarif+json',
  xml: 'application/xml',
  ckl: 'application/xml',
  html: 'text/html; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
};

const mediaType = (file: string): string =>
  mediaTypes[file.slice(file.lastIndexOf('.') + 1)] ?? 'text/plain; charset=utf-8';
