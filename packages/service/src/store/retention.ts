// SPDX-License-Identifier: Apache-2.0
// What a team keeps, for how long; and what is over.
import { type RawBuilder, sql } from 'kysely';
import { type KeptKind, keptKinds, type Retention, resultKinds, toRetention } from '../domain/retention.ts';
import { audit } from './audit-log.ts';
import type { AnyTransaction, PlatformTransaction, TeamTransaction } from './store.ts';
import type { TeamCaller } from './teams.ts';

/** Of the team of the transaction. */
export async function readRetention(transaction: TeamTransaction): Promise<Retention> {
  return toRetention(await transaction.selectFrom('retention').select(['kind', 'days']).execute());
}

export async function setRetention(transaction: TeamTransaction, retention: Retention, by: TeamCaller): Promise<void> {
  for (const kind of keptKinds)
    await transaction
      .insertInto('retention')
      .values({ kind, days: retention[kind] })
      .onConflict(conflict => conflict.columns(['team_id', 'kind']).doUpdateSet({ days: retention[kind] }))
      .execute();
  const entry = { team: by.team, principal: by.principal, action: 'retention.set', object: by.teamSlug };
  await audit(transaction, { ...entry, detail: { ...retention } });
}

export interface TeamRetention {
  team: string;
  retention: Retention;
}

export async function allRetentions(transaction: PlatformTransaction): Promise<TeamRetention[]> {
  const teams = await transaction.selectFrom('team').select('id').orderBy('id').execute();
  const set = await transaction.selectFrom('retention').select(['team_id', 'kind', 'days']).execute();
  return teams.map(({ id }) => ({ team: id, retention: toRetention(set.filter(({ team_id }) => team_id === id)) }));
}

/** Scans of whose parts some are deleted in one transaction. */
const scansAtOnce = 200;
const findingsAtOnce = 2000;

/** Deletes what is over of one kind, of some scans; gives how many rows. None are left once it gives none. */
export async function deleteOver(
  transaction: PlatformTransaction,
  { team, kind, before }: { team: string; kind: KeptKind; before: Date },
): Promise<number> {
  // What was sent in is kept from then on, however long ago it was run.
  const query =
    kind === 'findings'
      ? sql`delete from finding where id in (
          select id from finding where team_id = ${team} and status = 'fixed' and changed_at < ${before} limit ${findingsAtOnce})`
      : deletions[kind](
          sql`from scan where team_id = ${team} and finished_at < ${before} and requested_at < ${before}`,
        );
  const { numAffectedRows } = await query.execute(transaction);
  return Number(numAffectedRows ?? 0n);
}

const results = sql.join(resultKinds.map(kind => sql.lit(kind)));
const ofReport = {
  reports: sql`report.kind not in (${results})`,
  results: sql`report.kind in (${results})`,
};

const deleteReports = (over: RawBuilder<unknown>, isMeant: RawBuilder<unknown>) => sql`
  delete from scan_report as report where ${isMeant} and scan_id in (
    select id ${over} and exists (select from scan_report as report where scan_id = scan.id and ${isMeant})
    limit ${scansAtOnce})`;

const deletions: Record<Exclude<KeptKind, 'findings'>, (over: RawBuilder<unknown>) => RawBuilder<unknown>> = {
  events: over => sql`
    delete from scan_event where scan_id in (
      select id ${over} and exists (select from scan_event where scan_id = scan.id) limit ${scansAtOnce})`,
  reports: over => deleteReports(over, ofReport.reports),
  results: over => deleteReports(over, ofReport.results),
  scans: over => sql`delete from scan where id in (select id ${over} limit ${scansAtOnce})`,
};

/** That the service deleted what the team wanted it to, once for each time that it did. */
export async function auditRetention(
  transaction: AnyTransaction,
  { team, kind, before, rows }: { team: string; kind: KeptKind; before: Date; rows: number },
): Promise<void> {
  const detail = { rows, before: before.toISOString() };
  await audit(transaction, { team, principal: null, action: 'retention.delete', object: kind, detail });
}

/** What runners sent of scans that have ended without it. */
export async function dropUploads(transaction: PlatformTransaction): Promise<void> {
  await sql`
    delete from lease_upload where exists (select from scan where scan.id = scan_id and scan.finished_at is not null)`.execute(
    transaction,
  );
}
