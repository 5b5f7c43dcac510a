// SPDX-License-Identifier: Apache-2.0

import { type JsonObject, listAt, numberAt, textAt } from '../objects/json.ts';
import { type Kind, kindNamed } from '../objects/kinds.ts';
import { type KubeObject, type Pod, parsePod, timestamp } from '../objects/objects.ts';
import { schemas } from '../objects/schemas.ts';
import { ApiError, notImplemented } from '../objects/status.ts';
import type { Store } from '../objects/store.ts';
import { type Answer, type Context, isDryRun, namespaceOf, ok, type ResourceCall } from './api.ts';
import { decodeBody } from './decoding.ts';
import { selection } from './listing.ts';
import { render, renderList } from './rendering.ts';

const returnsObject = new Set(['Pod', 'ServiceAccount', 'Namespace']);

export function remove(context: Context, call: ResourceCall): Answer {
  const options = deleteOptions(call);
  const found = context.store.get(call.kind, namespaceOf(call), call.info.name);
  checkPreconditions(call, found, options);
  const dry = isDryRun(call.query) || listAt(options, 'dryRun').includes('All');
  const last = dry
    ? found
    : removeObject(context.store, { kind: call.kind, object: found, grace: graceOf(call, options) });
  if (returnsObject.has(call.kind.kind)) return render(call, last);
  return ok({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: details(call.kind, last) });
}

export function removeCollection(context: Context, call: ResourceCall): Answer {
  const options = deleteOptions(call);
  const found = context.store.list(call.kind, namespaceOf(call)).filter(selection(call));
  const dry = isDryRun(call.query) || listAt(options, 'dryRun').includes('All');
  const grace = graceOf(call, options);
  if (!dry) for (const object of found) removeObject(context.store, { kind: call.kind, object, grace });
  return renderList(call, found, { resourceVersion: String(context.store.revision) });
}

function deleteOptions(call: ResourceCall): JsonObject {
  if (call.body.length === 0) return {};
  const wanted = { kind: 'DeleteOptions', group: '', version: 'v1', schema: schemas.DeleteOptions } as const;
  const { object } = decodeBody(call, wanted);
  if (textAt(object, 'propagationPolicy') === 'Orphan')
    throw notImplemented('deleting with the propagation policy Orphan');
  return object;
}

function checkPreconditions(call: ResourceCall, found: KubeObject, options: JsonObject): void {
  const uid = textAt(options, 'preconditions', 'uid');
  const version = textAt(options, 'preconditions', 'resourceVersion');
  if (uid !== '' && uid !== found.metadata.uid) throw mismatch(call, ['UID', uid, found.metadata.uid]);
  if (version !== '' && version !== found.metadata.resourceVersion) {
    throw mismatch(call, ['ResourceVersion', version, found.metadata.resourceVersion ?? '']);
  }
}

function mismatch(call: ResourceCall, [what, asked, recorded]: [string, string, string]): ApiError {
  const { kind, group } = call.kind;
  const name = call.info.name;
  return new ApiError(
    409,
    `Operation cannot be fulfilled on ${kind}${group === '' ? '' : `.${group}`} "${name}": the ${what} in the precondition (${asked}) does not match the ${what} in record (${recorded}). The object might have been deleted and then recreated`,
    { reason: 'Conflict', details: { name, ...(group === '' ? {} : { group }), kind } },
  );
}

function graceOf(call: ResourceCall, options: JsonObject): number | undefined {
  const asked = call.query.get('gracePeriodSeconds');
  return asked === null ? numberAt(options, 'gracePeriodSeconds') : Number(asked);
}

function details(kind: Kind, object: KubeObject): JsonObject {
  return {
    name: object.metadata.name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.resource,
    uid: object.metadata.uid,
  };
}

export interface Removal {
  kind: Kind;
  object: KubeObject;
  grace?: number | undefined;
}

/** Deletes an object the way its kind is deleted: pods end first, namespaces empty first. */
export function removeObject(store: Store, { kind, object, grace }: Removal): KubeObject {
  if (kind.kind === 'Pod') return removePod(store, parsePod(object), grace);
  if (kind.kind !== 'Namespace') return store.remove(kind, object);
  const terminating = store.change(kind, object, namespace => {
    namespace.metadata.deletionTimestamp ??= timestamp(store.now());
    namespace['status'] = { phase: 'Terminating' };
  });
  return terminating ?? object;
}

function removePod(store: Store, pod: Pod, asked: number | undefined): KubeObject {
  const kind = kindNamed('Pod');
  const grace = asked ?? pod.spec.terminationGracePeriodSeconds;
  if (grace === 0 || pod.spec.nodeName === undefined) return store.remove(kind, pod);
  const ending = store.change(kind, pod, object => {
    const at = new Date(store.now().getTime() + grace * 1000);
    object.metadata.deletionTimestamp ??= timestamp(at);
    object.metadata.deletionGracePeriodSeconds ??= grace;
  });
  return ending ?? pod;
}
