// SPDX-License-Identifier: Apache-2.0
// What may be scanned, for those who ask before they scan: nothing is made, and no container is looked into.
import type { Connection } from '../cluster/index.ts';
import { isScanError, type ScanError } from '../errors/index.ts';
import { lackOf, operatorRights } from '../grant/index.ts';
import { byPlace, listWorkloads, type Selector, type Workload, type WorkloadPlace } from '../plan/index.ts';
import { listNamespaces } from './list-namespaces.ts';
import { type ClusterDeps, openCluster } from './open-cluster.ts';

export interface TargetsRequest {
  /** undefined: every namespace that there is. */
  namespaces: string[] | undefined;
  selector: Selector | undefined;
  /** The last one of the page before. */
  after: WorkloadPlace | undefined;
  /** Workloads of a page. */
  limit: number;
}

export interface TargetsPage {
  workloads: Workload[];
  /** There are further ones behind the last. */
  hasMore: boolean;
  /** Namespaces that could not be looked at. */
  unasked: { namespace: string; error: ScanError }[];
}

/** A page of the workloads of a cluster. Throws where the cluster could not be asked. */
export async function listTargets(request: TargetsRequest, deps: ClusterDeps): Promise<TargetsPage> {
  using opened = await openCluster(deps);
  const { connection } = opened;
  const { after, limit } = request;
  const namespaces = (request.namespaces ?? (await listNamespaces(connection.cluster))).toSorted();
  const page: TargetsPage = { workloads: [], hasMore: false, unasked: [] };
  for (const namespace of namespaces) {
    if (after !== undefined && namespace < after.namespace) continue;
    await addNamespace(connection, { ...request, namespace }, page);
    if (page.workloads.length > limit) break;
  }
  const shown = page.workloads.slice(0, limit);
  return { ...page, workloads: shown, hasMore: page.workloads.length > limit };
}

/** What is said of one namespace says nothing of the others; all else is said of the cluster. */
async function addNamespace(
  { cluster }: Connection,
  { namespace, selector, after }: TargetsRequest & { namespace: string },
  page: TargetsPage,
): Promise<void> {
  try {
    const all = await listWorkloads(cluster, { namespace, selector });
    const found = all.filter(each => after === undefined || byPlace(after, each) < 0);
    if (found.length === 0) return;
    const { missing } = await operatorRights(cluster, namespace);
    const lacks = missing.length === 0 ? [] : [lackOf(missing, 'The identity that would scan')];
    page.workloads.push(...found.map(each => ({ ...each, problems: [...lacks, ...each.problems] })));
  } catch (error) {
    if (!isScanError(error) || error.code !== 'CLUSTER_FORBIDDEN') throw error;
    page.unasked.push({ namespace, error });
  }
}
