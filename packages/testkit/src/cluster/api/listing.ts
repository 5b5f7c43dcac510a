// SPDX-License-Identifier: Apache-2.0

import { numberAt, objectAt, parseJson, textAt } from '../objects/json.ts';
import type { KubeObject } from '../objects/objects.ts';
import { type ObjectTest, parseFieldSelector, parseLabelSelector } from '../objects/selectors.ts';
import { ApiError, badRequest } from '../objects/status.ts';
import type { Store } from '../objects/store.ts';
import { type Answer, type Context, namespaceOf, type ResourceCall } from './api.ts';
import { renderList } from './rendering.ts';

export function list(context: Context, call: ResourceCall): Answer {
  const matches = selection(call);
  checkRevision(context.store, call.query);
  const found = context.store.list(call.kind, namespaceOf(call)).filter(matches);
  const page = paginate(found, call.query);
  const rest = page.start + page.items.length;
  const more = rest < found.length;
  const last = page.items.at(-1);
  return renderList(call, page.items, {
    resourceVersion: String(context.store.revision),
    ...(more && last !== undefined
      ? { continue: continueAfter(context.store, last), remainingItemCount: found.length - rest }
      : {}),
  });
}

/** Which objects a list or watch is about. */
export function selection(call: ResourceCall): ObjectTest {
  const byLabel = parseLabelSelector(call.query.get('labelSelector') ?? '');
  const byField = parseFieldSelector(call.kind.kind, call.query.get('fieldSelector') ?? '');
  return object => byLabel(object.metadata.labels ?? {}) && byField(object);
}

function checkRevision(store: Store, query: URLSearchParams): void {
  const asked = query.get('resourceVersion') ?? '';
  if (asked === '' || asked === '0') return;
  const revision = toRevision(asked);
  if (query.get('resourceVersionMatch') === 'Exact' && revision <= store.compacted) {
    throw new ApiError(410, 'The resourceVersion for the provided list is too old.', { reason: 'Expired' });
  }
  if (revision > store.revision) throw fromTheFuture(asked, store.revision);
}

export function toRevision(text: string): number {
  if (!/^\d+$/.test(text))
    throw badRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

function fromTheFuture(asked: string, current: number): ApiError {
  return new ApiError(504, `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    headers: { 'retry-after': '1' },
  });
}

interface Page {
  items: KubeObject[];
  start: number;
}

function paginate(found: KubeObject[], query: URLSearchParams): Page {
  const token = query.get('continue') ?? '';
  const limit = Number(query.get('limit') ?? '0');
  const after = token === '' ? '' : startOf(token);
  const start = found.filter(object => keyOf(object) <= after).length;
  return { start, items: limit > 0 ? found.slice(start, start + limit) : found.slice(start) };
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function continueAfter(store: Store, last: KubeObject): string {
  const token = { v: 'meta.k8s.io/v1', rv: store.revision, start: keyOf(last) };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function startOf(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  try {
    const value = objectAt(parseJson(text));
    if (numberAt(value, 'rv') !== undefined) return textAt(value, 'start');
  } catch {
    const first = text.charAt(0);
    throw badRequest(
      `invalid continue token: continue key is not valid: invalid character '${first}' looking for beginning of value`,
    );
  }
  throw badRequest(
    'invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
  );
}
