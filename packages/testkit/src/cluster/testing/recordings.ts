// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { isObject, type JsonObject, listAt, parseJson, textAt } from '../objects/json.ts';

const folder = new URL('../../../fixtures/kubernetes/', import.meta.url);

/** The entries of one file of recorded answers. */
export async function recordings(name: string): Promise<JsonObject[]> {
  const text = await readFile(new URL(`${name}.json`, folder), 'utf8');
  return listAt({ all: parseJson(text) }, 'all').filter(isObject);
}

export function entryNamed(entries: JsonObject[], name: string): JsonObject {
  const found = entries.find(entry => textAt(entry, 'name') === name);
  if (found === undefined) throw new TypeError(`No recording is named ${name}`);
  return found;
}
