// SPDX-License-Identifier: Apache-2.0
// What may be scanned by whoever asks. The cluster says it now: nothing of it is kept.
import { isScanError, parseSelector, ScanError } from '@cinc-scan/core';
import * as z from 'zod';
import { chooseNamespaces } from '../../domain/ask.ts';
import { namespaceName, slug } from '../../domain/ids.ts';
import { workloadPlace } from '../../domain/question.ts';
import { Questions } from '../../queue/questions.ts';
import { clustersOf } from '../../store/registry.ts';
import { pageLimit } from '../paging.ts';
import { targetPage } from '../shapes.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const listQuery = z.strictObject({
  cluster: slug.optional(),
  namespace: namespaceName.optional(),
  selector: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('A pod, a workload such as deployment/web, or labels, as a scan takes them'),
  after: z.string().max(2000).optional(),
  limit: pageLimit,
});

export function addTargetRoutes(server: Server, parts: ApiParts): void {
  const { store, onQueued, questionMs } = parts;
  const questions = new Questions(store, onQueued);
  server.get(
    '/targets',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'Workloads that whoever asks may scan, as their clusters have them now, and what prevents it',
        tags: ['targets'],
        querystring: listQuery,
        response: { 200: targetPage },
      },
    },
    async request => {
      const caller = teamOf(request);
      const { cluster, namespace, selector, after, limit } = request.query;
      if (selector !== undefined) parseSelector(selector);
      const open = chooseNamespaces({ cluster, namespace }, await store.asTeam(caller, clustersOf));
      const begin = after === undefined ? undefined : readCursor(after);
      const left = open.filter(each => begin === undefined || each.slug >= begin.cluster);
      const asking = {
        questions,
        team: caller.team,
        selector: selector ?? null,
        limit,
        until: Date.now() + questionMs,
      };
      return gather(left, begin, asking);
    },
  );
}

const cursor = z.strictObject({ cluster: slug, ...workloadPlace.shape });
type Cursor = z.infer<typeof cursor>;

function readCursor(text: string): Cursor {
  try {
    return cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch (cause) {
    throw new ScanError('INPUT_INVALID', 'after: expected the value of next of the page before', { cause });
  }
}

const writeCursor = (at: Cursor): string => Buffer.from(JSON.stringify(at)).toString('base64url');

/** Before all that the cluster has. */
const beginOf = (cluster: string): Cursor => ({ cluster, namespace: '', kind: '', name: '' });

interface OpenCluster {
  id: string;
  slug: string;
  namespaces: string[] | null;
}

interface Gathering {
  questions: Questions;
  team: string;
  selector: string | null;
  limit: number;
  until: number;
}

type Page = z.infer<typeof targetPage>;

/** One cluster after the other, until the page is full or the time is over: then the next page goes on there. */
async function gather(left: OpenCluster[], begin: Cursor | undefined, asking: Gathering): Promise<Page> {
  const page: Page = { items: [], unasked: [], next: null };
  const errors: ScanError[] = [];
  for (const [index, cluster] of left.entries()) {
    const isOver = page.items.length >= asking.limit || (index > 0 && Date.now() > asking.until);
    if (isOver) return { ...page, next: writeCursor(beginOf(cluster.slug)) };
    const after = begin?.cluster === cluster.slug ? begin : undefined;
    const next = await addCluster(cluster, { ...asking, after, page, errors });
    if (next !== undefined) return { ...page, next };
  }
  const [first] = errors;
  // Nothing was seen, and not because nothing is there.
  if (page.items.length === 0 && first !== undefined) throw first;
  return page;
}

interface Adding extends Gathering {
  after: Cursor | undefined;
  page: Page;
  errors: ScanError[];
}

/** Where the next page goes on, if the cluster has more. */
async function addCluster(cluster: OpenCluster, adding: Adding): Promise<string | undefined> {
  const { page, errors, after, limit, selector, questions, team, until } = adding;
  const { slug: name } = cluster;
  const place = after && { namespace: after.namespace, kind: after.kind, name: after.name };
  try {
    const room = limit - page.items.length;
    const ask = {
      kind: 'targets',
      namespaces: cluster.namespaces,
      selector,
      after: place ?? null,
      limit: room,
    } as const;
    const milliseconds = Math.max(leastMs, until - Date.now());
    const answer = await questions.ask(ask, { cluster, team, milliseconds });
    page.items.push(
      ...answer.workloads.map(({ selectors, ...each }) => ({ cluster: name, ...each, targets: selectors })),
    );
    for (const { namespace, error } of answer.unasked) page.unasked.push({ cluster: name, namespace, error });
    errors.push(...answer.unasked.map(({ error }) => new ScanError('CLUSTER_FORBIDDEN', error.message, error)));
    const last = page.items.at(-1);
    if (!answer.hasMore || last === undefined) return undefined;
    return writeCursor({ cluster: name, namespace: last.namespace, kind: last.kind, name: last.name });
  } catch (error) {
    if (!isScanError(error) || error.code === 'SERVICE_QUOTA' || error.code === 'INPUT_INVALID') throw error;
    errors.push(error);
    const { code, message, remedy } = error;
    page.unasked.push({ cluster: name, namespace: null, error: { code, message, remedy } });
    return undefined;
  }
}

/** For a cluster whose turn comes late. */
const leastMs = 1000;
