// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import { type CheckFinding, type CheckState, stateOf } from '../domain/question.ts';
import { audit } from './audit-log.ts';
import type { PlatformTransaction } from './store.ts';

export interface ClusterToCheck {
  id: string;
  slug: string;
  credential: string | null;
  context: string | null;
  region: string | null;
  /** Where teams may scan; null: anywhere. */
  namespaces: string[] | null;
}

export async function findClusterToCheck(transaction: PlatformTransaction, name: string): Promise<ClusterToCheck> {
  const found = (await clustersToCheck(transaction)).find(({ slug }) => slug === name);
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `There is no cluster ${name}`);
  return found;
}

export async function clustersToCheck(transaction: PlatformTransaction): Promise<ClusterToCheck[]> {
  const clusters = await transaction
    .selectFrom('cluster')
    .select(['id', 'slug', 'credential', 'context', 'region'])
    .orderBy('slug')
    .execute();
  const accesses = await transaction.selectFrom('cluster_access').select(['cluster_id', 'namespaces']).execute();
  return clusters.map(cluster => {
    const open = accesses.filter(({ cluster_id }) => cluster_id === cluster.id).map(({ namespaces }) => namespaces);
    const isAnywhere = open.includes(null);
    return { ...cluster, namespaces: isAnywhere ? null : [...new Set(open.flatMap(each => each ?? []))].toSorted() };
  });
}

export interface ClusterCheck {
  checkedAt: string;
  state: CheckState;
  findings: CheckFinding[];
}

export const toCheck = (at: Date, findings: CheckFinding[]): ClusterCheck => ({
  checkedAt: at.toISOString(),
  state: stateOf(findings),
  findings,
});

/** Keeps what was found, until the next time. */
export async function recordCheck(
  transaction: PlatformTransaction,
  { cluster, findings }: { cluster: ClusterToCheck; findings: CheckFinding[] },
  by: string | null,
): Promise<ClusterCheck> {
  const at = new Date();
  await transaction
    .updateTable('cluster')
    .set({ checked_at: at, findings: JSON.stringify(findings) })
    .where('id', '=', cluster.id)
    .execute();
  const check = toCheck(at, findings);
  const entry = { team: null, principal: by, action: 'cluster.check', object: cluster.slug };
  await audit(transaction, { ...entry, detail: { state: check.state } });
  return check;
}
