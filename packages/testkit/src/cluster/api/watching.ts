// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../objects/json.ts';
import { apiVersion } from '../objects/kinds.ts';
import type { KubeObject } from '../objects/objects.ts';
import type { ObjectTest } from '../objects/selectors.ts';
import { ApiError, forbiddenField, invalid } from '../objects/status.ts';
import type { StoreEvent } from '../objects/store.ts';
import { type Answer, type Context, namespaceOf, type ResourceCall } from './api.ts';
import { selection, toRevision } from './listing.ts';
import { formOf } from './rendering.ts';
import { isTrue } from './request-info.ts';
import { toTable } from './table.ts';

const longestSeconds = 1800;

export function watch(context: Context, call: ResourceCall): Answer {
  if (call.query.has('sendInitialEvents')) throw withoutWatchList();
  const matches = selection(call);
  const form = formOf(call.headers.accept);
  const asked = call.query.get('resourceVersion') ?? '';
  const from = asked === '' || asked === '0' ? undefined : toRevision(asked);
  const show = (object: KubeObject): JsonObject =>
    form === 'table' ? toTable(call.kind, [object], object.metadata) : object;
  return { kind: 'stream', start: response => run({ context, call, response, matches, from, show }) };
}

/** What a server without the feature answers; clients then list first. */
function withoutWatchList(): ApiError {
  const options = { kind: 'ListOptions', group: 'meta.k8s.io', resource: 'listoptions' };
  const why = 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
  return invalid(options, '', [forbiddenField('sendInitialEvents', why)]);
}

interface Watch {
  context: Context;
  call: ResourceCall;
  response: ServerResponse;
  matches: ObjectTest;
  from: number | undefined;
  show(object: KubeObject): JsonObject;
}

function run(watched: Watch): void {
  const { context, call, response, from } = watched;
  const { store } = context;
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  if (from !== undefined && from < store.compacted) return tooOld(watched, from);
  const pass = (event: StoreEvent): void => {
    const shown = relevant(watched, event);
    if (shown !== undefined) send(response, shown.type, watched.show(shown.object));
  };
  if (from === undefined) {
    for (const object of store.list(call.kind, namespaceOf(call))) {
      if (watched.matches(object)) send(response, 'ADDED', watched.show(object));
    }
  } else for (const event of store.since(from)) pass(event);
  const unsubscribe = store.subscribe(pass);
  const timer = setTimeout(() => {
    if (isTrue(call.query.get('allowWatchBookmarks'))) send(response, 'BOOKMARK', bookmark(watched));
    response.end();
  }, secondsOf(call) * 1000);
  response.once('close', () => {
    clearTimeout(timer);
    unsubscribe();
  });
}

function secondsOf(call: ResourceCall): number {
  const asked = Number.parseInt(call.query.get('timeoutSeconds') ?? call.query.get('timeout') ?? '', 10);
  return asked > 0 ? Math.min(asked, longestSeconds) : longestSeconds;
}

function tooOld({ context, response }: Watch, from: number): void {
  const message = `too old resource version: ${from} (${context.store.compacted})`;
  send(response, 'ERROR', new ApiError(410, message, { reason: 'Expired' }).toStatus());
  response.end();
}

/** An object that comes into the selection is added for this watcher, one that leaves it is deleted. */
function relevant(watched: Watch, event: StoreEvent): { type: string; object: KubeObject } | undefined {
  const { call, matches } = watched;
  const namespace = namespaceOf(call);
  if (event.kind.kind !== call.kind.kind) return undefined;
  if (namespace !== '' && event.object.metadata.namespace !== namespace) return undefined;
  const before = event.previous !== undefined && matches(event.previous);
  const now = matches(event.object) && event.type !== 'DELETED';
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: event.object };
  return before ? { type: 'DELETED', object: event.object } : undefined;
}

function bookmark({ context, call }: Watch): JsonObject {
  const metadata = { resourceVersion: String(context.store.revision), creationTimestamp: null };
  return { kind: call.kind.kind, apiVersion: apiVersion(call.kind), metadata };
}

function send(response: ServerResponse, type: string, object: JsonObject): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}
