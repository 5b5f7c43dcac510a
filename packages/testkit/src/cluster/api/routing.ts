// SPDX-License-Identifier: Apache-2.0

import { type Kind, servedKinds } from '../objects/kinds.ts';
import { ApiError, badRequest, forbidden, methodNotAllowed, unknownResource } from '../objects/status.ts';
import { changeEphemeralContainers } from '../pods/ephemeral-containers.ts';
import { authorize, refusal } from '../rbac/rbac.ts';
import { review } from '../rbac/reviews.ts';
import { requestToken } from '../rbac/token-request.ts';
import { type Answer, type Call, type Context, namespaceOf, type ResourceCall } from './api.ts';
import { remove, removeCollection } from './deletion.ts';
import { discover } from './discovery.ts';
import { list } from './listing.ts';
import type { RequestInfo, ResourceRequest } from './request-info.ts';
import { create, get, patch, update } from './resources.ts';
import { watch } from './watching.ts';

const collective = new Set(['create', 'list', 'watch', 'deletecollection']);

type Handler = (context: Context, call: ResourceCall) => Answer;

const handlers: Record<string, Handler> = {
  create,
  get,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
  list,
  watch,
};

const pageNotFound: Answer = { kind: 'text', status: 404, text: '404 page not found\n' };

export function checkAccess(context: Context, call: Pick<Call, 'user'>, info: RequestInfo): void {
  const decision = authorize(context.store, call.user, info);
  if (decision.allowed) return;
  const why = refusal(call.user, info, decision.reason);
  if (info.kind === 'resource') throw forbidden(info, info.name, why);
  throw new ApiError(403, `forbidden: ${why}`, { reason: 'Forbidden', details: {} });
}

export function answer(context: Context, call: Call, info: RequestInfo): Answer {
  if (info.kind === 'path') {
    const found = discover(context.store.version, call);
    if (found === undefined) return pageNotFound;
    if (call.method !== 'GET' && call.method !== 'HEAD') throw methodNotAllowed();
    return found;
  }
  const kind = servedKind(context, info);
  if (kind === undefined) {
    const group = servedKinds(context.store.version).some(
      one => one.group === info.group && one.version === info.version,
    );
    if (group) throw unknownResource();
    return pageNotFound;
  }
  const resourceCall: ResourceCall = { ...call, kind, info };
  return info.subresource === '' ? ofObject(context, resourceCall) : ofSubresource(context, resourceCall);
}

export function servedKind(context: Context, info: ResourceRequest): Kind | undefined {
  const kind = servedKinds(context.store.version).find(
    one => one.group === info.group && one.version === info.version && one.resource === info.resource,
  );
  if (kind === undefined || kind.namespaced || info.resource === 'namespaces') return kind;
  return info.namespace === '' ? kind : undefined;
}

function ofObject(context: Context, call: ResourceCall): Answer {
  const { kind, info } = call;
  if (isNamed(call) === collective.has(info.verb) || !kind.verbs.includes(info.verb)) throw methodNotAllowed();
  if (kind.kind.endsWith('Review')) return review(context, call);
  const handler = handlers[info.verb];
  if (handler === undefined) throw methodNotAllowed();
  return handler(context, call);
}

/** Whether the path ends in an object's name; a list of one name by field selector does not. */
function isNamed(call: ResourceCall): boolean {
  return !call.url.pathname.replace(/\/$/, '').endsWith(`/${call.info.resource}`) || call.info.subresource !== '';
}

function ofSubresource(context: Context, call: ResourceCall): Answer {
  const { kind, info } = call;
  const subresource = kind.subresources.find(one => one.name === info.subresource);
  if (subresource === undefined) throw unknownResource();
  if (!subresource.verbs.includes(info.verb)) throw methodNotAllowed();
  switch (info.subresource) {
    case 'token':
      return requestToken(context, call);
    case 'ephemeralcontainers':
      return info.verb === 'get' ? get(context, call) : changeEphemeralContainers(context, call);
    default:
      context.store.get(kind, namespaceOf(call), info.name);
      throw badRequest('Upgrade request required');
  }
}
