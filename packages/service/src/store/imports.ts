// SPDX-License-Identifier: Apache-2.0
import { v7 as makeId } from 'uuid';
import type { Ask, Pins } from '../domain/ask.ts';
import type { Summary } from '../results/summary.ts';
import { audit } from './audit-log.ts';
import { digestOf } from './scans.ts';
import type { TeamTransaction } from './store.ts';
import type { ImportedFrom, ScanFailure } from './tables.ts';
import type { TeamCaller } from './teams.ts';

export interface ImportedRow {
  cluster: string;
  ask: Ask;
  pins: Pins;
  run: { id: string; started: string; finished: string };
  summary: Summary;
  /** Why there is no verdict. */
  error: ScanFailure | null;
  from: ImportedFrom;
  key: string;
}

const shown = ['id', 'state', 'verdict'] as const;

/** The same run, if the team has it: sent in before, or run by the service itself. */
export const findImported = (transaction: TeamTransaction, { key, run }: { key: string; run: string }) =>
  transaction
    .selectFrom('scan')
    .select(shown)
    .where(eb => eb.or([eb('import_key', '=', key), eb.and([eb('run_id', '=', run), eb('imported', 'is', null)])]))
    .limit(1)
    .executeTakeFirst();

/** Undefined where somebody sent the same at this moment. */
export async function insertImported(
  transaction: TeamTransaction,
  row: ImportedRow,
  by: TeamCaller,
): Promise<string | undefined> {
  const { pins, run, summary, from } = row;
  // It stands in lists where it would stand if it had been run here.
  const id = makeId({ msecs: Date.parse(run.finished) });
  const { numInsertedOrUpdatedRows: made } = await transaction
    .insertInto('scan')
    .values({ id, requested_by: by.principal, runner: null, ...columnsOf(row) })
    .onConflict(conflict => conflict.columns(['team_id', 'import_key']).where('import_key', 'is not', null).doNothing())
    .executeTakeFirst();
  if (made !== 1n) return undefined;
  const origin = { name: from.name, run: run.id, tool: `${from.tool.name} ${from.tool.version}` };
  const detail = { ...origin, verdict: summary.verdict, ...pinned(pins) };
  await audit(transaction, { team: by.team, principal: by.principal, action: 'scan.import', object: id, detail });
  return id;
}

function columnsOf({ cluster, ask, pins, run, summary, error, from, key }: ImportedRow) {
  const { verdict, reason, exitCode, counts, isolation = null } = summary;
  const isOver = verdict !== 'error';
  const finished = new Date(run.finished);
  return {
    cluster_id: cluster,
    ask: JSON.stringify(ask),
    pins: JSON.stringify(pins),
    digest: digestOf({ ask, pins }),
    state: isOver ? ('done' as const) : ('failed' as const),
    isolation,
    deadline_at: finished,
    started_at: new Date(run.started),
    finished_at: finished,
    run_id: run.id,
    verdict: isOver ? verdict : null,
    reason,
    exit_code: exitCode,
    error: error && JSON.stringify(error),
    counts: JSON.stringify(counts),
    imported: JSON.stringify(from),
    import_key: key,
  };
}

const pinned = ({ cluster, profiles }: Pins) => ({ cluster, profiles: profiles.map(({ slug }) => slug).slice(0, 20) });
