// SPDX-License-Identifier: Apache-2.0
import { at, isObject, type Json, type JsonObject, listAt, objectAt, parseJson, textAt } from '../objects/json.ts';

const dates = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
const revisions = /"(resourceVersion|continue|observedGeneration)":"[^"]*"/g;

/** Joins the identifiers of a recording to the ones of this run, so that requests and answers can be compared. */
export class Replay {
  readonly #uids = new Map<string, string>();

  /** The recorded text with this run's identifiers. */
  translate(value: Json): Json {
    let text = JSON.stringify(value);
    for (const [recorded, own] of this.#uids) text = text.replaceAll(recorded, own);
    return parseJson(text);
  }

  learn(recorded: Json | undefined, answered: Json): void {
    const uid = textAt(recorded, 'metadata', 'uid');
    const own = textAt(answered, 'metadata', 'uid');
    if (uid !== '' && own !== '') this.#uids.set(uid, own);
    const items = listAt(answered, 'items');
    for (const [i, item] of listAt(recorded, 'items').entries()) this.learn(item, items[i] ?? null);
  }

  /** An answer without what differs from run to run. */
  comparable(value: Json | undefined): Json {
    if (value === undefined) return null;
    const text = JSON.stringify(this.translate(value))
      .replaceAll(dates, 'TIME')
      .replaceAll(revisions, '"$1":"ANY"')
      .replaceAll(/JTI=[0-9a-f-]{36}/g, 'JTI=ID');
    return withoutToken(parseJson(text));
  }
}

function withoutToken(value: Json): Json {
  if (!isObject(value) || textAt(value, 'status', 'token') === '') return value;
  return { ...value, status: { ...objectAt(value, 'status'), token: 'TOKEN' } };
}

export interface Recorded {
  name: string;
  method: string;
  path: string;
  as: string;
  contentType: string;
  body: Json | undefined;
  status: number;
  answer: Json | undefined;
}

export function toRecorded(entry: JsonObject): Recorded {
  return {
    name: textAt(entry, 'name'),
    method: textAt(entry, 'request', 'method'),
    path: textAt(entry, 'request', 'path'),
    as: textAt(entry, 'request', 'as'),
    contentType: textAt(entry, 'request', 'contentType') || 'application/json',
    body: at(entry, 'request', 'body'),
    status: Number(at(entry, 'response', 'status')),
    answer: at(entry, 'response', 'body'),
  };
}
