// SPDX-License-Identifier: Apache-2.0
// Everything that a service says about itself: the answer to each question that changes nothing.
import type { ApiClient } from './api-client.ts';
import { serveApi } from './api-server.ts';
import type { TestStore } from './stores.ts';
import type { World } from './world.ts';

/** By question and key. */
export type Answers = Record<string, unknown>;

export async function answersOf(parts: TestStore, { keys }: Pick<World, 'keys'>): Promise<Answers> {
  await using served = await serveApi(parts);
  const api = served.client;
  const answers: Answers = {};
  for (const [who, key] of Object.entries(keys))
    for (const path of await questionsOf(api, key)) {
      const { status, text: said, headers } = await api.call('GET', path, { key });
      const text = said.replaceAll(ages, '"$1":0');
      answers[`${who} ${path}`] = { status, text, tag: headers.get('etag'), type: headers.get('content-type') };
    }
  return answers;
}

/** They change while nothing does. */
const ages = /"(waitedSeconds|ranSeconds)":\d+/g;

interface Item {
  id: string;
  state: string;
}

/** Every path that can be got, for everything that the key may see. */
async function questionsOf(api: ApiClient, key: string): Promise<string[]> {
  const scans = await itemsOf<Item>(api, '/scans?limit=200', key);
  const paths = api.operations
    .filter(({ method }) => method === 'GET')
    .map(({ path }) => path.replace('/api/v1', ''))
    .toSorted();
  const questions: string[] = [];
  for (const path of paths) {
    if (path === '/export') continue; // says when it was made, and is in the audit log
    if (!path.includes('{')) questions.push(path);
    else if (path.startsWith('/scans/{id}'))
      for (const scan of scans) questions.push(...(await aboutScan(api, path.replace('{id}', scan.id), { scan, key })));
    else questions.push(...(await filled(api, path, key)));
  }
  return questions;
}

/** For each item of the list whose path comes before `{id}`, or before another of its fields. */
async function filled(api: ApiClient, path: string, key: string): Promise<string[]> {
  const [, list, field, rest] = /^([^{]+)\/\{([a-zA-Z]+)\}([^{]*)$/.exec(path) ?? [];
  if (list === undefined || field === undefined) throw new Error(`answers.ts does not know what to fill into ${path}`);
  const items = await itemsOf<Record<string, string>>(api, list, key);
  return items.map(item => `${list}/${item[field]}${rest}`);
}

async function aboutScan(api: ApiClient, path: string, { scan, key }: { scan: Item; key: string }): Promise<string[]> {
  if (path.endsWith('/events')) return scan.state === 'queued' || scan.state === 'running' ? [] : [path];
  if (!path.endsWith('/results')) return [path];
  const reports = await itemsOf<{ kind: string; file: string }>(api, path.replace('/results', '/reports'), key);
  return reports.map(({ kind, file }) => `${path}?format=${kind}&file=${encodeURIComponent(file)}`);
}

async function itemsOf<T>(api: ApiClient, path: string, key: string): Promise<T[]> {
  const { body } = await api.call('GET', path, { key });
  return Array.isArray(body['items']) ? (body['items'] as T[]) : [];
}
