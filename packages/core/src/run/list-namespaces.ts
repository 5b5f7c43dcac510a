// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiPath, type Cluster, parseAnswer } from '../cluster/index.ts';

const namespaceList = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string() }) })),
  metadata: z.object({ continue: z.string().optional() }).default({}),
});

/** Every namespace that there is. */
export async function listNamespaces(cluster: Cluster): Promise<string[]> {
  const names: string[] = [];
  let next: string | undefined;
  do {
    const query = { limit: '500', ...(next !== undefined && next !== '' && { continue: next }) };
    const what = 'namespaces of the cluster';
    const answer = await cluster.call({ method: 'GET', path: apiPath('api/v1/namespaces'), query }, what);
    const { items, metadata } = parseAnswer(answer, namespaceList, what);
    names.push(...items.map(each => each.metadata.name));
    next = metadata.continue;
  } while (next !== undefined && next !== '');
  return names;
}
