// SPDX-License-Identifier: Apache-2.0
// Runs that were made elsewhere, into the history of a team: an output folder as the command leaves it, or result files alone.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReportModel, registeredName, wholly } from '@cinc-scan/core';
import * as z from 'zod';
import type { Blobs } from '../../blobs/blobs.ts';
import { apiTypes } from '../../domain/api-types.ts';
import { chooseCluster } from '../../domain/ask.ts';
import { slug } from '../../domain/ids.ts';
import { keepReports } from '../../executors/run-reports.ts';
import { findingsOfRun, type RunNames } from '../../findings/of-run.ts';
import { type KeptReport, recordReports } from '../../queue/attempts.ts';
import { namesOf, underOwnNames } from '../../results/imported-names.ts';
import { type ReadRun, runOfFiles } from '../../results/run-of-files.ts';
import { errorOf, summaryOf } from '../../results/summary.ts';
import { writeResults } from '../../results/write-results.ts';
import { recordFindings } from '../../store/findings.ts';
import { findImported, type ImportedRow, insertImported } from '../../store/imports.ts';
import { clustersOf, findThreshold } from '../../store/registry.ts';
import { asService } from '../../store/store.ts';
import type { ScanState } from '../../store/tables.ts';
import type { TeamCaller } from '../../store/teams.ts';
import { importedScan } from '../shapes.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const mostImportBytes = 64 * 1_048_576;

const body = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{C}]{1,500}$/u, 'expected up to 500 visible characters')
      .describe('What the folder or file is called where it comes from'),
    cluster: slug.optional().describe('Where it was run; may be left out by a team with one cluster'),
    threshold: z
      .string()
      .regex(wholly(registeredName), 'expected the name of a threshold, or NAME@VERSION')
      .optional()
      .describe('For result files alone, which are held against it; without one every control has to pass'),
    files: z
      .array(
        z.strictObject({
          path: z.string().regex(/^[^/\\\p{C}]{1,255}$/u, 'expected the name of a file, without a folder'),
          content: z.string(),
        }),
      )
      .min(1)
      .max(1000)
      .describe('scan.json of a run and the result files that it lists; or result files (HDF) alone'),
  })
  .refine(({ files }) => new Set(files.map(({ path }) => path)).size === files.length, {
    path: ['files'],
    message: 'expected each name once',
  })
  .register(apiTypes, { id: 'RunFiles' });

type Sent = z.infer<typeof body>;

export function addScanImport(server: Server, parts: ApiParts): void {
  server.post(
    '/scans/import',
    {
      config: { access: { kind: 'team', role: 'scanner' } },
      bodyLimit: mostImportBytes,
      schema: {
        summary: 'Take a run that was made elsewhere into the history; the same again changes nothing',
        tags: ['scans'],
        body,
        response: { 201: importedScan, 200: importedScan },
      },
    },
    async (request, reply) => {
      const caller = teamOf(request);
      const sent = request.body;
      const read = await readSent(parts, caller, sent);
      const before = await known(parts, caller, read);
      const done = before ?? (await take(parts, caller, { sent, read }));
      const self = `/api/v1/scans/${done.id}`;
      const { kind, id, state, verdict } = done;
      return reply.code(kind === 'new' ? 201 : 200).send({
        id,
        kind,
        state,
        verdict: verdict === 'pass' || verdict === 'fail' ? verdict : null,
        links: { self, results: `${self}/results` },
      });
    },
  );
}

async function readSent({ store }: ApiParts, caller: TeamCaller, sent: Sent): Promise<ReadRun> {
  const { threshold: named } = sent;
  const found =
    named === undefined ? undefined : await store.asTeam(caller, transaction => findThreshold(transaction, named));
  const threshold = found && { name: `${found.slug}.yml`, content: found.content };
  const read = await runOfFiles({ ...sent, threshold }, new Date());
  return { ...read, model: underOwnNames(read.model) };
}

interface Taken {
  id: string;
  kind: 'new' | 'unchanged';
  state: ScanState;
  verdict: string | null;
}

async function known({ store }: ApiParts, caller: TeamCaller, { key, model }: ReadRun): Promise<Taken | undefined> {
  const found = await store.asTeam(caller, transaction => findImported(transaction, { key, run: model.run.id }));
  return found && { ...found, kind: 'unchanged' };
}

interface Import {
  sent: Sent;
  read: ReadRun;
}

async function take(parts: ApiParts, caller: TeamCaller, given: Import): Promise<Taken> {
  const { store, blobs } = parts;
  const { model } = given.read;
  const row = await toRow(parts, caller, given);
  const names = { cluster: row.pins.cluster, profiles: row.ask.profile };
  const reports = await keepResults(model, names, blobs);
  const id = await store.asTeam(caller, async transaction => {
    const made = await insertImported(transaction, row, caller);
    if (made === undefined) return undefined;
    await asService(transaction);
    await recordReports(transaction, { scan: made, reports }, digest => blobs.has(digest));
    const run = findingsOfRun(model, names);
    await recordFindings(transaction, { cluster: names.cluster, scan: made, run });
    return made;
  });
  if (id === undefined) return justSent(parts, caller, given.read);
  const { verdict } = row.summary;
  return { id, kind: 'new', state: verdict === 'error' ? 'failed' : 'done', verdict };
}

async function toRow({ store }: ApiParts, caller: TeamCaller, { sent, read }: Import): Promise<ImportedRow> {
  const { model, kind, key } = read;
  const open = await store.asTeam(caller, clustersOf);
  const cluster = chooseCluster({ cluster: sent.cluster, namespace: namespacesOf(read) }, open);
  const summary = summaryOf(model);
  const from = {
    kind,
    name: sent.name,
    at: new Date().toISOString(),
    by: caller.name,
    tool: model.tool,
    cluster: model.cluster.alias,
  };
  const names = namesOf(model, cluster.slug);
  return { cluster: cluster.id, ...names, run: model.run, summary, error: errorOf(summary), from, key };
}

async function keepResults(model: ReportModel, names: RunNames, blobs: Blobs): Promise<KeptReport[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cinc-scan-import-'));
  try {
    const left = await writeResults(model, folder, names);
    return await keepReports(folder, left, { keep: content => blobs.putStream(content) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** By somebody else, while this was read. */
async function justSent(parts: ApiParts, caller: TeamCaller, read: ReadRun): Promise<Taken> {
  const found = await known(parts, caller, read);
  if (found === undefined) throw new Error('A run that was imported a moment ago is not there');
  return found;
}

/** Results that do not say where they are from are of no namespace. */
const namespacesOf = ({ model }: ReadRun): string[] => [
  ...new Set(
    model.verdict.judged.flatMap(({ outcome: { target } }) =>
      'owner' in target && target.owner.kind === 'File' ? [] : [target.namespace],
    ),
  ),
];
