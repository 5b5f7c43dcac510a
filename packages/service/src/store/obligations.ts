// SPDX-License-Identifier: Apache-2.0
// What has to have been judged by when, and how far that is so. What is fulfilled is reckoned when it is asked, and kept nowhere.
import { ScanError } from '@cinc-scan/core';
import { type RawBuilder, sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import type { Gap, ObligationContent, ObligationState } from '../domain/obligation.ts';
import { audit } from './audit-log.ts';
import type { AnyTransaction, TeamTransaction } from './store.ts';
import type { TeamCaller } from './teams.ts';

const columns = [
  'id',
  'slug',
  'cluster',
  'namespaces',
  'selector',
  'profile',
  'within_days',
  'grace_days',
  'created_at',
  'listed_at',
  'gaps',
] as const;

export interface ObligationRow {
  id: string;
  slug: string;
  cluster: string | null;
  namespaces: string[] | null;
  selector: string | null;
  profile: string;
  within_days: number;
  grace_days: number;
  created_at: Date;
  listed_at: Date | null;
  gaps: Gap[];
}

const valuesOf = ({ cluster, namespaces, selector, profile, withinDays, graceDays }: ObligationContent) => ({
  cluster,
  namespaces,
  selector,
  profile,
  within_days: withinDays,
  grace_days: graceDays,
});

const most = 200;

/** Throws SERVICE_CONFLICT where the team has one of that name, SERVICE_QUOTA where it has too many. */
export async function createObligation(
  transaction: TeamTransaction,
  { slug, ...content }: ObligationContent & { slug: string },
  by: TeamCaller,
): Promise<ObligationRow> {
  const { count } = await transaction
    .selectFrom('obligation')
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirstOrThrow();
  if (count >= most) throw new ScanError('SERVICE_QUOTA', `The team has ${count} obligations already`);
  const made = await transaction
    .insertInto('obligation')
    .values({
      id: makeId(),
      slug,
      ...valuesOf(content),
      made_by: by.principal,
      listed_at: null,
      list_due_at: new Date(0),
    })
    .onConflict(conflict => conflict.columns(['team_id', 'slug']).doNothing())
    .returning(columns)
    .executeTakeFirst();
  if (made === undefined) throw new ScanError('SERVICE_CONFLICT', `The team has an obligation ${slug} already`);
  await record(transaction, by, { action: 'create', slug, detail: { ...content } });
  return made;
}

/** Nothing is known of it until the clusters were asked again. Throws SERVICE_NOT_FOUND. */
export async function changeObligation(
  transaction: TeamTransaction,
  { slug, ...content }: ObligationContent & { slug: string },
  by: TeamCaller,
): Promise<ObligationRow> {
  const row = await transaction
    .updateTable('obligation')
    .set({ ...valuesOf(content), listed_at: null, list_due_at: new Date(0), gaps: '[]' })
    .where('slug', '=', slug)
    .returning(columns)
    .executeTakeFirst();
  if (row === undefined) throw noObligation(slug);
  await record(transaction, by, { action: 'change', slug, detail: { ...content } });
  return row;
}

/** Throws SERVICE_NOT_FOUND. */
export async function deleteObligation(transaction: TeamTransaction, slug: string, by: TeamCaller): Promise<void> {
  const { numDeletedRows } = await transaction.deleteFrom('obligation').where('slug', '=', slug).executeTakeFirst();
  if (numDeletedRows === 0n) throw noObligation(slug);
  await record(transaction, by, { action: 'delete', slug });
}

/** Lets the clusters be asked now. Throws SERVICE_NOT_FOUND. */
export async function askAgain(transaction: TeamTransaction, slug: string): Promise<ObligationRow> {
  const row = await transaction
    .updateTable('obligation')
    .set({ list_due_at: new Date(0) })
    .where('slug', '=', slug)
    .returning(columns)
    .executeTakeFirst();
  if (row === undefined) throw noObligation(slug);
  return row;
}

const record = (
  transaction: TeamTransaction,
  { team, principal }: TeamCaller,
  { action, slug, detail = {} }: { action: string; slug: string; detail?: Record<string, unknown> },
) => audit(transaction, { team, principal, action: `obligation.${action}`, object: slug, detail });

const noObligation = (slug: string) => new ScanError('SERVICE_NOT_FOUND', `The team has no obligation ${slug}`);

/** Throws SERVICE_NOT_FOUND. */
export const getObligation = (transaction: TeamTransaction, slug: string): Promise<ObligationRow> =>
  transaction
    .selectFrom('obligation')
    .select(columns)
    .where('slug', '=', slug)
    .executeTakeFirstOrThrow(() => noObligation(slug));

/** By their names. */
export const listObligations = (
  transaction: TeamTransaction,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<ObligationRow[]> =>
  transaction
    .selectFrom('obligation')
    .select(columns)
    .$if(after !== undefined, query => query.where('slug', '>', after ?? ''))
    .orderBy('slug')
    .limit(limit)
    .execute();

/** Older than that, what clusters said of themselves is not believed any more: nobody asks them. */
const staleMs = 3_600_000;

/** Since when nobody knows what is there; null: it is known. */
export function unknownSince({ listed_at, created_at, gaps }: ObligationRow, now: Date): Date | null {
  if (listed_at === null) return created_at;
  if (now.getTime() - listed_at.getTime() > staleMs) return listed_at;
  const since = gaps.map(gap => Date.parse(gap.since));
  return since.length === 0 ? null : new Date(Math.min(...since));
}

export interface WorkloadRow {
  id: string;
  cluster: string;
  namespace: string;
  kind: string;
  name: string;
  containers: string[];
  first_seen_at: Date;
  state: ObligationState;
  /** When all of its containers were last judged; null: some never were. */
  judged_at: Date | null;
  /** Of the container that waits longest. */
  scan_id: string | null;
}

/** Each workload with what is known of it at a moment. A container that was never judged leaves the workload unjudged. */
const standings = (now: Date): RawBuilder<unknown> => sql`(
  select workload.id, workload.obligation_id, workload.cluster, workload.namespace, workload.kind, workload.name,
    workload.containers, workload.first_seen_at, last.at as judged_at, case when last.at is not null then last.scan end as scan_id,
    case
      when obligation.listed_at is null or obligation.listed_at < ${new Date(now.getTime() - staleMs)}
        or exists (select from jsonb_to_recordset(obligation.gaps) as gap (cluster text, namespace text)
          where (gap.cluster is null or gap.cluster = workload.cluster)
            and (gap.namespace is null or gap.namespace = workload.namespace)) then 'unknown'
      when last.at is null then 'never-scanned'
      when ${now} <= last.at + make_interval(days => within_days) then 'fulfilled'
      when ${now} <= last.at + make_interval(days => within_days + grace_days) then 'due'
      else 'overdue'
    end as state
  from obligation_workload as workload
  join obligation on obligation.id = workload.obligation_id
  left join lateral (
    select case when count(judged.at) = count(*) then min(judged.at) end as at,
      (array_agg(judged.scan_id order by judged.at))[1] as scan
    from unnest(workload.containers) as wanted
    left join judged on judged.team_id = workload.team_id and judged.cluster = workload.cluster
      and judged.namespace = workload.namespace and judged.workload = lower(workload.kind) || '/' || workload.name
      and judged.container = wanted and judged.profile = obligation.profile
  ) as last on true) as standing`;

/** In the order in which the clusters first told of them. */
export async function listWorkloads(
  transaction: TeamTransaction,
  { obligation, state, after, limit }: WorkloadPage,
  now: Date,
): Promise<WorkloadRow[]> {
  const isMeant = state === undefined ? sql`true` : sql`state = ${state}`;
  const isLater = after === undefined ? sql`true` : sql`id > ${after}::uuid`;
  const { rows } = await sql<WorkloadRow>`
    select * from ${standings(now)} where obligation_id = ${obligation} and ${isMeant} and ${isLater}
    order by id limit ${limit}`.execute(transaction);
  return rows;
}

export interface WorkloadPage {
  obligation: string;
  state: ObligationState | undefined;
  /** Id of the last one of the page before. */
  after: string | undefined;
  limit: number;
}

/** How many workloads of each obligation are in which state. */
export async function countStates(
  transaction: TeamTransaction,
  obligations: readonly string[],
  now: Date,
): Promise<Map<string, Partial<Record<ObligationState, number>>>> {
  const { rows } = await sql<{ obligation: string; state: ObligationState; count: number }>`
    select obligation_id as obligation, state, count(*)::int as count from ${standings(now)}
    where obligation_id = any (${obligations}::uuid[]) group by 1, 2`.execute(transaction);
  const counts = new Map<string, Partial<Record<ObligationState, number>>>();
  for (const { obligation, state, count } of rows)
    counts.set(obligation, { ...counts.get(obligation), [state]: count });
  return counts;
}

export interface ListedWorkload {
  cluster: string;
  namespace: string;
  kind: string;
  name: string;
  containers: string[];
}

/** What clusters have now. What is not there any more goes; of what could not be asked nothing is changed. */
export async function recordListing(
  transaction: AnyTransaction,
  { id, workloads, gaps: found }: { id: string; workloads: readonly ListedWorkload[]; gaps: readonly Gap[] },
  { now, nextAt }: { now: Date; nextAt: Date },
): Promise<void> {
  const before = await transaction
    .selectFrom('obligation')
    .select(['gaps'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (before === undefined) return; // deleted meanwhile
  const gaps = found.map(gap => ({ ...gap, since: before.gaps.find(isOf(gap))?.since ?? gap.since }));
  const listed = workloads.map(each => ({ ...each, id: makeId() }));
  await sql`
    insert into obligation_workload (id, obligation_id, cluster, namespace, kind, name, containers, first_seen_at, seen_at)
      select id, ${id}::uuid, cluster, namespace, kind, name, array(select jsonb_array_elements_text(containers)), ${now}, ${now}
      from jsonb_to_recordset(${JSON.stringify(listed)}::jsonb)
        as listed (id uuid, cluster text, namespace text, kind text, name text, containers jsonb)
    on conflict (obligation_id, cluster, namespace, kind, name)
      do update set containers = excluded.containers, seen_at = excluded.seen_at`.execute(transaction);
  await sql`
    delete from obligation_workload as workload where obligation_id = ${id} and seen_at <> ${now}
      and not exists (select from jsonb_to_recordset(${JSON.stringify(gaps)}::jsonb) as gap (cluster text, namespace text)
        where (gap.cluster is null or gap.cluster = workload.cluster)
          and (gap.namespace is null or gap.namespace = workload.namespace))`.execute(transaction);
  await transaction
    .updateTable('obligation')
    .set({ listed_at: now, list_due_at: nextAt, gaps: JSON.stringify(gaps) })
    .where('id', '=', id)
    .execute();
}

const isOf =
  ({ cluster, namespace }: Gap) =>
  (other: Gap): boolean =>
    other.cluster === cluster && other.namespace === namespace;
