// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { ObjectStore } from './object-store.ts';

/**
 * Whether a server keeps the conditions of a put, asked on an object of no meaning. Some take them and ignore them, and then
 * two runs at once would each write their state, and one of them would be lost without a word.
 */
export async function keepsConditions(store: ObjectStore, name: string): Promise<boolean> {
  if (store.isTrusted) return true;
  const put = (condition: Parameters<ObjectStore['put']>[2]['condition']) =>
    store.put(name, Buffer.from(`${JSON.stringify({ probe: randomUUID() })}\n`), { condition });
  await put({ kind: 'new' });
  if ((await put({ kind: 'new' })).kind !== 'conflict') return false;
  const there = await store.get(name);
  if (there === undefined) return false;
  const condition = { kind: 'version', version: there.version } as const;
  await put(condition); // whoever else asks meanwhile changes it as well
  return (await put(condition)).kind === 'conflict';
}
