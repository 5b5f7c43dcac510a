// SPDX-License-Identifier: Apache-2.0
// What an obligation is about, as the clusters have it now. What could not be asked is a gap, and never an empty list.
import { isScanError, ScanError } from '@cinc-scan/core';
import type { Gap, ObligationContent } from '../domain/obligation.ts';
import type { Question, QuestionAnswer } from '../domain/question.ts';
import type { Questions } from '../queue/questions.ts';
import type { ListedWorkload } from '../store/obligations.ts';

export interface OpenCluster {
  id: string;
  slug: string;
  namespaces: string[] | null;
}

type Selected = Pick<ObligationContent, 'cluster' | 'namespaces' | 'selector'>;

export interface Listing {
  workloads: ListedWorkload[];
  gaps: Gap[];
}

interface Asking {
  questions: Questions;
  team: string;
  /** How long each question waits for its answer. */
  questionMs: number;
  now: Date;
}

type WorkloadPlace = Pick<ListedWorkload, 'namespace' | 'kind' | 'name'>;

const mostWorkloads = 20_000;
const pageSize = 500;

export async function listWorkloadsOf(
  selected: Selected,
  open: readonly OpenCluster[],
  asking: Asking,
): Promise<Listing> {
  const listing: Listing = { workloads: [], gaps: notOpen(selected, open, asking.now) };
  for (const cluster of open.filter(({ slug }) => selected.cluster === null || selected.cluster === slug)) {
    const namespaces = narrowed(selected.namespaces, cluster.namespaces);
    if (namespaces?.length === 0) continue;
    try {
      await listCluster({ cluster, namespaces, selector: selected.selector }, listing, asking);
    } catch (error) {
      if (!isScanError(error)) throw error;
      // What the pages before have said may not be all: none of it counts.
      listing.workloads = listing.workloads.filter(each => each.cluster !== cluster.slug);
      listing.gaps = listing.gaps.filter(gap => gap.cluster !== cluster.slug);
      listing.gaps.push(gapOf({ cluster: cluster.slug, namespace: null }, error, asking.now));
    }
  }
  return listing;
}

const gapOf = (
  { cluster, namespace }: Pick<Gap, 'cluster' | 'namespace'>,
  { code, message, remedy }: Gap['error'],
  now: Date,
): Gap => ({ cluster, namespace, since: now.toISOString(), error: { code, message, remedy } });

/** What it names and the team may not look into any more. */
function notOpen({ cluster, namespaces }: Selected, open: readonly OpenCluster[], now: Date): Gap[] {
  const meant = open.filter(({ slug }) => cluster === null || cluster === slug);
  if (meant.length === 0) {
    const text = cluster === null ? 'The team has no cluster' : `The team has no cluster ${cluster}`;
    return [gapOf({ cluster, namespace: null }, new ScanError('SERVICE_NOT_FOUND', text), now)];
  }
  const closed = (namespaces ?? []).filter(
    each => !meant.some(({ namespaces: of }) => of === null || of.includes(each)),
  );
  return closed.map(namespace =>
    gapOf({ cluster, namespace }, new ScanError('SERVICE_NOT_FOUND', `The team has no namespace ${namespace}`), now),
  );
}

const narrowed = (wanted: string[] | null, open: string[] | null): string[] | null =>
  wanted === null || open === null ? (wanted ?? open) : wanted.filter(each => open.includes(each));

interface Part {
  cluster: OpenCluster;
  namespaces: string[] | null;
  selector: string | null;
}

async function listCluster(
  { cluster, namespaces, selector }: Part,
  listing: Listing,
  { questions, team, questionMs, now }: Asking,
): Promise<void> {
  let after: WorkloadPlace | null = null;
  for (let hasMore = true; hasMore; ) {
    const ask: Question & { kind: 'targets' } = { kind: 'targets', namespaces, selector, after, limit: pageSize };
    const answer: QuestionAnswer & { kind: 'targets' } = await questions.ask(ask, {
      cluster,
      team,
      milliseconds: questionMs,
    });
    listing.workloads.push(...answer.workloads.map(each => toListed(cluster.slug, each)));
    for (const { namespace, error } of answer.unasked)
      if (!listing.gaps.some(gap => gap.cluster === cluster.slug && gap.namespace === namespace))
        listing.gaps.push(gapOf({ cluster: cluster.slug, namespace }, error, now));
    if (listing.workloads.length > mostWorkloads)
      throw new ScanError('SERVICE_QUOTA', `The obligation is about more than ${mostWorkloads} workloads`);
    const last: WorkloadPlace | undefined = answer.workloads.at(-1);
    hasMore = answer.hasMore && last !== undefined;
    if (last !== undefined) after = { namespace: last.namespace, kind: last.kind, name: last.name };
  }
}

type Workload = (QuestionAnswer & { kind: 'targets' })['workloads'][number];

/** The container that a scan takes which names none has to be judged; where there is none such, each of them. */
function toListed(cluster: string, { namespace, kind, name, containers }: Workload): ListedWorkload {
  const usual = containers.filter(({ isUsual }) => isUsual);
  const meant = usual.length > 0 ? usual : containers;
  return { cluster, namespace, kind, name, containers: meant.map(each => each.name) };
}
