// SPDX-License-Identifier: Apache-2.0
import { copy, isObject, type Json, type JsonObject, same } from './json.ts';
import { ApiError, badRequest, notImplemented } from './status.ts';

export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** Lists that strategic merge joins by a key; every other list is replaced. */
const mergeKeys: Record<string, string> = {
  containers: 'name',
  ephemeralContainers: 'name',
  volumes: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
  imagePullSecrets: 'name',
  secrets: 'name',
  ownerReferences: 'uid',
};

export function applyPatch(type: string, current: JsonObject, patch: Json): JsonObject {
  if (type === 'application/json-patch+json') return applyOperations(current, patch);
  if (!isObject(patch)) throw badRequest('json: cannot unmarshal the patch into an object');
  return type === 'application/merge-patch+json' ? merge(current, patch) : strategic(current, patch);
}

function merge(current: JsonObject, patch: JsonObject): JsonObject {
  const out = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete out[key];
    else out[key] = isObject(value) ? merge(objectOr(out[key]), value) : value;
  }
  return out;
}

function objectOr(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function strategic(current: JsonObject, patch: JsonObject): JsonObject {
  const { $patch: directive, ...fields } = patch;
  if (directive === 'replace') return fields;
  const out = { ...current };
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith('$')) throw notImplemented(`the strategic merge directive ${key}`);
    if (value === null || value === undefined) delete out[key];
    else out[key] = strategicValue(key, out[key], value);
  }
  return out;
}

function strategicValue(key: string, current: Json | undefined, value: Json): Json {
  if (isObject(value)) return strategic(objectOr(current), value);
  const mergeKey = mergeKeys[key];
  if (!Array.isArray(value) || mergeKey === undefined || !Array.isArray(current)) return value;
  return joinLists(current, value, mergeKey);
}

/** What the patch brings comes first, as the recorded answers show. */
function joinLists(current: Json[], patch: Json[], key: string): Json[] {
  const patches = patch.filter(isObject);
  const removed = patches.filter(one => one['$patch'] === 'delete').map(one => one[key]);
  const find = (list: JsonObject[], value: Json | undefined): JsonObject | undefined =>
    list.find(one => same(one[key], value));
  const kept = current.filter(isObject).filter(one => !removed.some(name => same(name, one[key])));
  const added = patches.filter(one => one['$patch'] !== 'delete' && find(kept, one[key]) === undefined);
  const merged = kept.map(one => strategic(one, find(patches, one[key]) ?? {}));
  return [...added, ...merged];
}

type Operation = { op: string; path: string; value: Json | undefined };

function applyOperations(current: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) throw badRequest('json: cannot unmarshal the patch into a list of operations');
  const document: { root: Json } = { root: copy(current) };
  for (const one of patch) applyOperation(document, toOperation(one));
  if (!isObject(document.root)) throw unprocessable('the patch leaves no object');
  return document.root;
}

function toOperation(value: Json): Operation {
  if (!isObject(value) || typeof value['op'] !== 'string' || typeof value['path'] !== 'string') {
    throw badRequest('json patch: an operation needs op and path');
  }
  return { op: value['op'], path: value['path'], value: value['value'] };
}

function applyOperation(document: { root: Json }, operation: Operation): void {
  const keys = operation.path
    .split('/')
    .slice(1)
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop();
  if (last === undefined) throw notImplemented('a JSON patch of the whole document');
  let parent: Json | undefined = document.root;
  for (const key of keys) parent = child(parent, key);
  if (parent === undefined) throw missingPath(operation);
  const current = child(parent, last);
  if (['replace', 'remove'].includes(operation.op) && current === undefined) throw missingPath(operation);
  switch (operation.op) {
    case 'add':
      return put(parent, last, operation);
    case 'replace':
      return put(removeAt(parent, last), last, operation);
    case 'remove':
      return void removeAt(parent, last);
    case 'test':
      return expectSame(current, operation);
    default:
      throw notImplemented(`the JSON patch operation ${operation.op}`);
  }
}

function expectSame(current: Json | undefined, operation: Operation): void {
  if (!same(current, operation.value)) throw unprocessable(`testing value ${operation.path} failed: test failed`);
}

function child(parent: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(parent)) return parent[Number(key)];
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function put(parent: Json, key: string, operation: Operation): void {
  if (operation.value === undefined) throw badRequest('json patch: the operation needs a value');
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : Number(key);
    if (!Number.isInteger(index) || index < 0 || index > parent.length) throw missingPath(operation);
    parent.splice(index, 0, operation.value);
  } else if (isObject(parent)) parent[key] = operation.value;
  else throw missingPath(operation);
}

function removeAt(parent: Json, key: string): Json {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (isObject(parent)) delete parent[key];
  return parent;
}

function missingPath(operation: Operation): ApiError {
  return unprocessable(
    `the server rejected our request due to an error in our request: ${operation.op} operation does not apply: doc is missing path: "${operation.path}": missing value`,
  );
}

function unprocessable(message: string): ApiError {
  return new ApiError(422, message, { reason: 'Invalid', details: {} });
}
