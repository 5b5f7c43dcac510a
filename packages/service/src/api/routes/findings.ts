// SPDX-License-Identifier: Apache-2.0
import { areas, findingSchema } from '@cinc-scan/core';
import * as z from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { chooseCluster } from '../../domain/ask.ts';
import { namespaceName, slug, uuid } from '../../domain/ids.ts';
import { findingStatuses } from '../../findings/compare.ts';
import { findingsOfResults, type ReadResults } from '../../findings/of-results.ts';
import { audit } from '../../store/audit-log.ts';
import { eventsOf, type FindingRow, findingsPage, getFindings, sightingsOf } from '../../store/finding-lists.ts';
import { recordFindings, type SourceOutcome } from '../../store/findings.ts';
import { clustersOf } from '../../store/registry.ts';
import type { TeamTransaction } from '../../store/store.ts';
import { pageLimit, toPage } from '../paging.ts';
import { page } from '../shapes.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

export function addFindingRoutes(server: Server, parts: ApiParts): void {
  addList(server, parts);
  addOne(server, parts);
  addImport(server, parts);
}

const maybe = <T extends z.ZodType>(type: T) => type.nullable();
const moment = z.iso.datetime();
const severities = findingSchema.shape.severity;

const status = z
  .enum(findingStatuses)
  .describe(
    'new, known and returned are there; fixed is gone; unsure: whoever saw it did not look again in the same way',
  );

const facts = {
  id: z.uuid(),
  fingerprint: z.string().describe('The same after a rebuild, a rename of pods and a moved line'),
  cluster: maybe(z.string()),
  status,
  because: z.string().describe('Why it is unsure'),
  severity: severities,
  area: z.enum(areas),
  kind: z.string(),
  rule: z.string(),
  title: z.string(),
  target: z.string(),
  namespace: maybe(z.string()),
  workload: maybe(z.string()),
  container: maybe(z.string()),
  profile: maybe(z.string()),
  fixState: z.string(),
  firstSeen: moment,
  lastSeen: moment,
  changedAt: moment,
};

const finding = z.object(facts).register(apiTypes, { id: 'Finding' });

const oneFinding = z
  .object({
    ...facts,
    document: z.record(z.string(), z.unknown()).describe('All that is known of it, as findings.json has it'),
    sources: z.array(
      z.object({
        name: z.string(),
        tool: z.string(),
        standing: z.enum(['open', 'unsure', 'fixed']),
        firstSeen: moment,
        lastSeen: moment,
        looked: z.boolean(),
        lookedAt: moment,
        problem: maybe(z.string()),
        scan: maybe(z.uuid()),
      }),
    ),
    history: z.array(z.object({ at: moment, status, because: z.string(), source: z.string(), scan: maybe(z.uuid()) })),
  })
  .register(apiTypes, { id: 'FindingWithHistory' });

const query = z.strictObject({
  status: z.enum(findingStatuses).optional(),
  severity: severities.optional(),
  cluster: slug.optional(),
  namespace: namespaceName.optional(),
  workload: z
    .string()
    .regex(/^[a-z]{1,63}\/[a-z0-9.-]{1,253}$/, 'expected a workload such as deployment/web')
    .optional(),
  profile: slug.optional(),
  area: z.enum(areas).optional(),
  rule: z.string().min(1).max(200).optional(),
  after: uuid.optional(),
  limit: pageLimit,
});

function addList(server: Server, { store }: ApiParts): void {
  server.get(
    '/findings',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'Findings of the team, those that were first seen last come first',
        tags: ['findings'],
        querystring: query,
        response: { 200: page(finding, 'FindingPage') },
      },
    },
    async request => {
      const { after, limit, status: of, severity, cluster, namespace, workload, profile, area, rule } = request.query;
      const filter = { status: of, severity, cluster, namespace, workload, profile, area, rule };
      const rows = await store.asTeam(teamOf(request), transaction =>
        findingsPage(transaction, { filter, after, limit: limit + 1 }).execute(),
      );
      return toPage(rows, { limit, toItem: toFinding });
    },
  );
}

const fingerprint = z.object({ fingerprint: z.string().regex(/^[0-9a-f]{64}$/, 'expected a fingerprint') });

function addOne(server: Server, { store }: ApiParts): void {
  server.get(
    '/findings/:fingerprint',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'One finding in each cluster that it is in, with who saw it and what became of it',
        tags: ['findings'],
        params: fingerprint,
        response: { 200: z.object({ items: z.array(oneFinding) }) },
      },
    },
    request =>
      store.asTeam(teamOf(request), async transaction => {
        const rows = await getFindings(transaction, request.params.fingerprint);
        const items: z.infer<typeof oneFinding>[] = [];
        for (const row of rows) items.push(await withHistory(transaction, row));
        return { items };
      }),
  );
}

async function withHistory(transaction: TeamTransaction, row: FindingRow): Promise<z.infer<typeof oneFinding>> {
  const sightings = await sightingsOf(transaction, row.id);
  const events = await eventsOf(transaction, row.id);
  return {
    ...toFinding(row),
    document: { ...row.document },
    sources: sightings.map(({ name, tool, standing, looked, problem, scan_id, ...at }) => ({
      name,
      tool,
      standing,
      looked,
      problem,
      firstSeen: at.first_seen.toISOString(),
      lastSeen: at.last_seen.toISOString(),
      lookedAt: at.at.toISOString(),
      scan: scan_id,
    })),
    history: events.map(({ at, scan_id, ...event }) => ({ ...event, at: at.toISOString(), scan: scan_id })),
  };
}

function toFinding(row: FindingRow): z.infer<typeof finding> {
  const { id, cluster, because, kind, rule, target, namespace, workload, container, profile, document } = row;
  const { title, area, severity, fixState } = document;
  return {
    id,
    fingerprint: row.fingerprint,
    cluster: cluster === '' ? null : cluster,
    status: row.status,
    because,
    severity,
    area,
    kind,
    rule,
    title,
    target,
    namespace,
    workload,
    container,
    profile,
    fixState,
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
    changedAt: row.changed_at.toISOString(),
  };
}

const mostImportBytes = 32 * 1_048_576;

const results = z
  .strictObject({
    cluster: slug.optional().describe('What the results are about; without one they are of no cluster'),
    sources: z
      .record(z.string(), z.unknown())
      .describe(
        'Which results have to be there, as in cinc-scan.sources.yml; a source whose file is missing did not look',
      ),
    files: z
      .array(
        z.strictObject({
          path: z.string().min(1).max(500).describe('As the sources name it'),
          content: z.string(),
          envelope: z
            .record(z.string(), z.unknown())
            .optional()
            .describe('What is known of the run of the scanner beside its result'),
        }),
      )
      .max(1000),
  })
  .register(apiTypes, { id: 'ScannerResults' });

const counts = z.object({ new: z.int(), known: z.int(), returned: z.int(), unsure: z.int(), fixed: z.int() });

const imported = z
  .object({
    at: moment,
    sources: z.array(
      z.object({
        name: z.string(),
        looked: z.boolean(),
        problem: maybe(z.string()).describe('Why it did not look; it closes nothing then'),
        changes: maybe(counts).describe('null: the same, or something later, is known already'),
      }),
    ),
  })
  .register(apiTypes, { id: 'ImportedFindings' });

function addImport(server: Server, { store }: ApiParts): void {
  server.post(
    '/findings/import',
    {
      config: { access: { kind: 'team', role: 'scanner' } },
      bodyLimit: mostImportBytes,
      schema: {
        summary: 'Take results of other scanners; the same again changes nothing',
        tags: ['findings'],
        body: results,
        response: { 200: imported },
      },
    },
    async request => {
      const caller = teamOf(request);
      const { cluster = '', sources, files } = request.body;
      const read = findingsOfResults({ sources: JSON.stringify(sources), files: files.map(toFile) }, new Date());
      const outcomes = await store.asTeam(caller, async transaction => {
        if (cluster !== '') chooseCluster({ cluster, namespace: [] }, await clustersOf(transaction));
        const done = await recordFindings(
          transaction,
          { cluster, scan: null, run: read },
          ({ name }) => read.digests.get(name) ?? null,
        );
        const names = done.flatMap(({ name, changes }) => (changes === undefined ? [] : [name]));
        const entry = { team: caller.team, principal: caller.principal, action: 'findings.import', object: cluster };
        if (names.length > 0) await audit(transaction, { ...entry, detail: { sources: names.slice(0, 100) } });
        return done;
      });
      return { at: read.at, sources: toOutcomes(read, outcomes) };
    },
  );
}

type GivenFile = z.infer<typeof results>['files'][number];

const toFile = ({ path, content, envelope }: GivenFile) => ({
  path,
  content,
  envelope: envelope && JSON.stringify(envelope),
});

const toOutcomes = ({ sources }: ReadResults, outcomes: readonly SourceOutcome[]) =>
  sources.map(({ name, look, problem }) => ({
    name,
    looked: look.kind === 'looked',
    problem,
    changes: outcomes.find(each => each.name === name)?.changes ?? null,
  }));
