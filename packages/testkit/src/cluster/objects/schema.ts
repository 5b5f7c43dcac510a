// SPDX-License-Identifier: Apache-2.0
import { isObject, type Json, type JsonObject } from './json.ts';

/**
 * `refuse` marks a field that Kubernetes has and the embedded cluster gives no meaning to: it is answered with 501
 * instead of being stored and ignored. `drop` marks a field that the server never takes from a client.
 */
export type Schema =
  | 'string'
  | 'number'
  | 'boolean'
  | 'any'
  | 'refuse'
  | 'drop'
  | { list: Schema }
  | { map: Schema }
  | { fields: Record<string, Schema> };

export interface Checked {
  value: JsonObject;
  unknown: string[];
  refused: string[];
  mismatched: string[];
}

export function checkAgainst(schema: Schema, value: JsonObject): Checked {
  const checked: Checked = { value: {}, unknown: [], refused: [], mismatched: [] };
  const cleaned = clean(schema, value, { path: '', into: checked });
  return { ...checked, value: isObject(cleaned) ? cleaned : {} };
}

type Place = { path: string; into: Checked };

function clean(schema: Schema, value: Json, place: Place): Json | undefined {
  if (value === null || schema === 'drop') return undefined;
  if (schema === 'any') return value;
  if (schema === 'refuse') return refuse(value, place);
  if (typeof schema === 'string') return scalar(schema, value, place);
  if ('list' in schema) return cleanList(schema.list, value, place);
  if (!isObject(value)) return mismatch('object', value, place);
  return 'map' in schema ? cleanMap(schema.map, value, place) : cleanFields(schema.fields, value, place);
}

function refuse(value: Json, place: Place): undefined {
  const empty = value === false || value === '' || (Array.isArray(value) && value.length === 0);
  if (!empty) place.into.refused.push(place.path);
  return undefined;
}

function scalar(schema: string, value: Json, place: Place): Json | undefined {
  return typeof value === schema ? value : mismatch(schema, value, place);
}

function mismatch(wanted: string, value: Json, place: Place): undefined {
  const found = Array.isArray(value) ? 'array' : typeof value;
  place.into.mismatched.push(`cannot unmarshal ${found} into field ${place.path} of type ${wanted}`);
  return undefined;
}

function cleanList(item: Schema, value: Json, place: Place): Json | undefined {
  if (!Array.isArray(value)) return mismatch('array', value, place);
  return value
    .map((one, i) => clean(item, one, { path: `${place.path}[${i}]`, into: place.into }))
    .filter(one => one !== undefined);
}

function cleanMap(item: Schema, value: JsonObject, place: Place): JsonObject {
  const out: JsonObject = {};
  for (const [key, one] of Object.entries(value)) {
    if (one === undefined) continue;
    const kept = clean(item, one, { path: below(place.path, key), into: place.into });
    if (kept !== undefined) out[key] = kept;
  }
  return out;
}

function cleanFields(fields: Record<string, Schema>, value: JsonObject, place: Place): JsonObject {
  const out: JsonObject = {};
  for (const [key, one] of Object.entries(value)) {
    const path = below(place.path, key);
    const schema = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (schema === undefined) place.into.unknown.push(path);
    else if (one !== undefined) {
      const kept = clean(schema, one, { path, into: place.into });
      if (kept !== undefined) out[key] = kept;
    }
  }
  return out;
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
