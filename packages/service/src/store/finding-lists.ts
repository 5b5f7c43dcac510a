// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import type { Status } from '../findings/compare.ts';
import type { TeamTransaction } from './store.ts';

/** Each is optional; several have to hold together. */
export interface FindingFilter {
  status: Status | undefined;
  severity: string | undefined;
  cluster: string | undefined;
  namespace: string | undefined;
  workload: string | undefined;
  profile: string | undefined;
  area: string | undefined;
  rule: string | undefined;
}

export interface FindingPage {
  filter: FindingFilter;
  /** Id of the last finding of the page before. */
  after: string | undefined;
  limit: number;
}

const columns = [
  'id',
  'fingerprint',
  'cluster',
  'status',
  'because',
  'severity',
  'area',
  'kind',
  'rule',
  'target',
  'namespace',
  'workload',
  'container',
  'profile',
  'first_seen',
  'last_seen',
  'changed_at',
  'document',
] as const;

const filters = ['status', 'severity', 'cluster', 'namespace', 'workload', 'profile', 'area', 'rule'] as const;

/** Those that were first seen last come first. */
export function findingsPage(transaction: TeamTransaction, { filter, after, limit }: FindingPage) {
  let query = transaction.selectFrom('finding').select(columns);
  for (const column of filters) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (after !== undefined) query = query.where('id', '<', after);
  return query.orderBy('id', 'desc').limit(limit);
}

export type FindingRow = Awaited<ReturnType<typeof getFindings>>[number];

/** One for each cluster that it is in. Throws SERVICE_NOT_FOUND. */
export async function getFindings(transaction: TeamTransaction, fingerprint: string) {
  const rows = await transaction
    .selectFrom('finding')
    .select(columns)
    .where('fingerprint', '=', fingerprint)
    .orderBy('cluster')
    .limit(100)
    .execute();
  if (rows.length > 0) return rows;
  throw new ScanError('SERVICE_NOT_FOUND', `The team has no finding ${fingerprint}`);
}

/** What each source says of it. */
export const sightingsOf = (transaction: TeamTransaction, finding: string) =>
  transaction
    .selectFrom('finding_sighting as sighting')
    .innerJoin('finding_source as source', 'source.id', 'sighting.source_id')
    .select([
      'source.name',
      'source.tool',
      'source.looked',
      'source.problem',
      'source.at',
      'source.scan_id',
      'sighting.standing',
      'sighting.first_seen',
      'sighting.last_seen',
    ])
    .where('finding_id', '=', finding)
    .orderBy('source.name')
    .limit(100)
    .execute();

/** The newest first. */
export const eventsOf = (transaction: TeamTransaction, finding: string) =>
  transaction
    .selectFrom('finding_event')
    .select(['at', 'status', 'because', 'source', 'scan_id'])
    .where('finding_id', '=', finding)
    .orderBy('id', 'desc')
    .limit(200)
    .execute();
