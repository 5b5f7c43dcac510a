// SPDX-License-Identifier: Apache-2.0
// Findings as sources saw them last, and what became of them. Rows are written in the transaction of what they follow from.
import { type Finding, highestSeverity, mergeFindings } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import {
  compareSource,
  type Sighting,
  type SourceChange,
  type Standing,
  type Status,
  statusOf,
} from '../findings/compare.ts';
import type { RunFindings, SourceFindings } from '../findings/run-findings.ts';
import { recordJudged } from './judged.ts';
import type { AnyTransaction } from './store.ts';

export interface FindingsOf {
  /** Registered name; empty for what is of no cluster. */
  cluster: string;
  scan: string | null;
  run: RunFindings;
}

/** What became of the findings of one source; undefined where something later, or the very same, is known already. */
export interface SourceOutcome {
  name: string;
  changes: Record<Status, number> | undefined;
}

/** Records what sources said, in the team of the transaction. Others who do it for the same cluster wait. */
export async function recordFindings(
  transaction: AnyTransaction,
  { cluster, scan, run }: FindingsOf,
  digestOf: (source: SourceFindings) => string | null = () => null,
): Promise<SourceOutcome[]> {
  await sql`select pg_advisory_xact_lock(hashtextextended('cinc-scan findings ' || app_team()::text || ' ' || ${cluster}, 0))`.execute(
    transaction,
  );
  const outcomes: SourceOutcome[] = [];
  for (const source of run.sources) {
    const about = { cluster, scan, source, digest: digestOf(source) };
    outcomes.push({ name: source.name, changes: await recordSource(transaction, about) });
  }
  return outcomes;
}

/** Those of a scan, which says itself in which cluster it looked. */
export async function recordScanFindings(transaction: AnyTransaction, scan: string, run: RunFindings): Promise<void> {
  const row = transaction.selectFrom('scan').select(['pins', 'state']).where('id', '=', scan);
  const { pins, state } = await row.executeTakeFirstOrThrow();
  await recordFindings(transaction, { cluster: pins.cluster, scan, run });
  if (state === 'done') await recordJudged(transaction, { scan, cluster: pins.cluster, run });
}

interface About {
  cluster: string;
  scan: string | null;
  source: SourceFindings;
  digest: string | null;
}

async function recordSource(transaction: AnyTransaction, about: About): Promise<Record<Status, number> | undefined> {
  const { source, digest } = about;
  const known = await findSource(transaction, about);
  if (digest !== null && known?.digest === digest) return undefined;
  const sightings = known === undefined ? [] : await readSightings(transaction, known.id, source.findings);
  const changes = compareSource(source, { known: beforeOf(known, about), sightings });
  if (changes === undefined) return undefined;
  const id = known?.id ?? makeId();
  await saveSource(transaction, id, about);
  return saveChanges(transaction, changes, { ...about, sourceId: id });
}

const beforeOf = (known: Awaited<ReturnType<typeof findSource>>, about: About) => ({
  at: lastLook(known?.looked_at, about),
  coverage: known?.coverage ?? undefined,
});

/** Some scanners say but the day of a result: another one of the same time is the later one, as it came later. */
function lastLook(at: Date | null | undefined, { source, digest }: About): string | undefined {
  if (at === null || at === undefined) return undefined;
  const isSame = digest !== null && at.getTime() === Date.parse(source.at);
  return new Date(at.getTime() - (isSame ? 1 : 0)).toISOString();
}

const findSource = (transaction: AnyTransaction, { cluster, source }: About) =>
  transaction
    .selectFrom('finding_source')
    .select(['id', 'looked_at', 'coverage', 'digest'])
    .where('cluster', '=', cluster)
    .where('name', '=', source.name)
    .where('team_id', '=', sql<string>`app_team()`)
    .executeTakeFirst();

/** Of what is not gone, and of what is there again. */
async function readSightings(
  transaction: AnyTransaction,
  source: string,
  findings: readonly Finding[],
): Promise<Sighting[]> {
  const present = findings.map(({ fingerprint }) => fingerprint);
  const rows = await transaction
    .selectFrom('finding_sighting as sighting')
    .innerJoin('finding', 'finding.id', 'sighting.finding_id')
    .select(['finding.document', 'sighting.standing', 'sighting.first_seen', 'sighting.last_seen', 'sighting.seen'])
    .where('source_id', '=', source)
    .where(sql<boolean>`(standing <> 'fixed' or finding.fingerprint = any (${present}::text[]))`)
    .execute();
  return rows.map(({ document, standing, first_seen, last_seen, seen }) => ({
    finding: document,
    standing,
    firstSeen: first_seen.toISOString(),
    lastSeen: last_seen.toISOString(),
    seen,
  }));
}

async function saveSource(transaction: AnyTransaction, id: string, about: About): Promise<void> {
  const { cluster, scan, source, digest } = about;
  const { at, name, tool, area, target, place, profile, problem, look } = source;
  const coverage = { target: look.target, scope: look.scope, ruleset: look.ruleset };
  const looked = look.kind === 'looked';
  const facts = { looked, problem, at: new Date(at), scan_id: scan, digest, place: place && JSON.stringify(place) };
  // How it looked last is what it is compared with: one that could not look says nothing of that.
  const compared = looked ? { coverage: JSON.stringify(coverage), looked_at: new Date(at) } : {};
  await transaction
    .insertInto('finding_source')
    .values({ id, cluster, name, tool, area, target, profile, coverage: null, looked_at: null, ...facts, ...compared })
    .onConflict(conflict =>
      conflict.columns(['team_id', 'cluster', 'name']).doUpdateSet({ target, profile, ...facts, ...compared }),
    )
    .execute();
}

interface SavedBy extends About {
  sourceId: string;
}

interface KnownFinding {
  id: string;
  status: Status;
  /** What other sources say. */
  others: Standing[];
  /** As all of them see it; only where there are others. */
  document: Finding | null;
}

const rowsAtOnce = 1000;

async function saveChanges(
  transaction: AnyTransaction,
  changes: readonly SourceChange[],
  by: SavedBy,
): Promise<Record<Status, number>> {
  const counts: Record<Status, number> = { new: 0, known: 0, returned: 0, unsure: 0, fixed: 0 };
  for (let from = 0; from < changes.length; from += rowsAtOnce) {
    const some = changes.slice(from, from + rowsAtOnce);
    const known = await readKnown(transaction, some, by);
    const decided = some.map(change => decide(change, known.get(change.fingerprint), by.source.name));
    for (const { status } of decided) counts[status] += 1;
    await saveFindings(transaction, decided, by);
    await saveSightings(transaction, decided, by);
    await saveEvents(transaction, decided, by);
  }
  return counts;
}

async function readKnown(
  transaction: AnyTransaction,
  changes: readonly SourceChange[],
  { cluster, sourceId }: SavedBy,
): Promise<Map<string, KnownFinding>> {
  const wanted = changes.map(({ fingerprint }) => fingerprint);
  const { rows } = await sql<{ fingerprint: string } & KnownFinding>`
    select fingerprint, finding.id, status,
      coalesce((select json_agg(standing) from finding_sighting
        where finding_id = finding.id and source_id <> ${sourceId}), '[]'::json) as others,
      case when exists (select from finding_sighting where finding_id = finding.id and source_id <> ${sourceId})
        then document end as document
    from finding
    where team_id = app_team() and cluster = ${cluster} and fingerprint = any (${wanted}::text[])`.execute(transaction);
  return new Map(rows.map(({ fingerprint, ...known }) => [fingerprint, known]));
}

interface Decided {
  id: string;
  change: SourceChange;
  finding: Finding;
  status: Status;
  /** Whether it is told in the history. */
  isChange: boolean;
}

function decide(change: SourceChange, known: KnownFinding | undefined, source: string): Decided {
  if (known === undefined) {
    const status = statusOf(change, { before: undefined, others: [] });
    return { id: makeId(), change, finding: change.finding, status, isChange: true };
  }
  const { id, others, document, status: before } = known;
  const status = statusOf(change, { before, others });
  const isSettling = status === 'known' && (before === 'new' || before === 'returned');
  const finding = ofAll(change, document ?? undefined, source);
  return { id, change, finding, status, isChange: status !== before && !isSettling };
}

/** With the words and severities of everybody who reports it. */
function ofAll({ finding, standing }: SourceChange, known: Finding | undefined, source: string): Finding {
  if (known === undefined) return finding;
  const others = { ...known, reportedBy: known.reportedBy.filter(each => each.source !== source) };
  if (others.reportedBy.length === 0) return finding;
  const all = standing === 'open' ? [finding, others] : [others];
  const [merged = finding] = mergeFindings(all);
  return { ...merged, severity: highestSeverity(merged.reportedBy.map(({ rating }) => rating.severity)) };
}

async function saveFindings(transaction: AnyTransaction, decided: readonly Decided[], by: SavedBy): Promise<void> {
  const { cluster, source } = by;
  const rows = decided.map(({ id, change, finding, status }) => ({
    id,
    fingerprint: change.fingerprint,
    status,
    because: status === 'unsure' ? change.because : '',
    ...shown(finding),
    namespace: source.place?.namespace ?? null,
    workload: source.place?.workload ?? null,
    container: source.place?.container ?? null,
    profile: source.profile,
    first_seen: change.firstSeen,
    last_seen: change.lastSeen,
    changed_at: source.at,
    document: finding,
  }));
  await sql`
    insert into finding (id, cluster, fingerprint, status, because, severity, area, kind, rule, target, namespace, workload,
      container, profile, first_seen, last_seen, changed_at, document)
    select id, ${cluster}, fingerprint, status, because, severity, area, kind, rule, target, namespace, workload,
      container, profile, first_seen, last_seen, changed_at, document
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (id uuid, fingerprint text, status text, because text,
      severity text, area text, kind text, rule text, target text, namespace text, workload text, container text,
      profile text, first_seen timestamptz, last_seen timestamptz, changed_at timestamptz, document jsonb)
    on conflict (team_id, cluster, fingerprint) do update set
      status = excluded.status, because = excluded.because, severity = excluded.severity,
      last_seen = greatest(finding.last_seen, excluded.last_seen), document = excluded.document,
      changed_at = case when finding.status = excluded.status then finding.changed_at else excluded.changed_at end`.execute(
    transaction,
  );
}

const shown = ({ severity, area, kind, rule, target }: Finding) => ({ severity, area, kind, rule, target });

async function saveSightings(
  transaction: AnyTransaction,
  decided: readonly Decided[],
  { sourceId }: SavedBy,
): Promise<void> {
  const rows = decided.map(({ id, change: { standing, firstSeen, lastSeen, seen } }) => ({
    finding_id: id,
    standing,
    first_seen: firstSeen,
    last_seen: lastSeen,
    seen,
  }));
  await sql`
    insert into finding_sighting (finding_id, source_id, standing, first_seen, last_seen, seen)
    select finding_id, ${sourceId}, standing, first_seen, last_seen, seen
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (finding_id uuid, standing text, first_seen timestamptz,
      last_seen timestamptz, seen jsonb)
    on conflict (finding_id, source_id) do update set
      standing = excluded.standing, last_seen = excluded.last_seen, seen = excluded.seen`.execute(transaction);
}

async function saveEvents(transaction: AnyTransaction, decided: readonly Decided[], by: SavedBy): Promise<void> {
  const rows = decided.flatMap(({ id, change, status, isChange }) =>
    isChange ? [{ id: makeId(), finding_id: id, status, because: change.because }] : [],
  );
  if (rows.length === 0) return;
  await sql`
    insert into finding_event (id, finding_id, at, status, because, source, scan_id)
    select id, finding_id, ${by.source.at}::timestamptz, status, because, ${by.source.name}, ${by.scan}::uuid
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (id uuid, finding_id uuid, status text, because text)`.execute(
    transaction,
  );
}
