// SPDX-License-Identifier: Apache-2.0

import { born } from '../objects/birth.ts';
import { copy, type Json, type JsonObject, parseJson, same } from '../objects/json.ts';
import { kindNamed } from '../objects/kinds.ts';
import { suffix } from '../objects/names.ts';
import type { KubeObject } from '../objects/objects.ts';
import { applyPatch, patchTypes } from '../objects/patch.ts';
import {
  badRequest,
  conflict,
  forbidden,
  invalid,
  notFound,
  otherUid,
  required,
  unsupportedMediaType,
} from '../objects/status.ts';
import { type Answer, type Context, isDryRun, namespaceOf, type ResourceCall } from './api.ts';
import { decode, decodeBody, mediaType, toObject } from './decoding.ts';
import { prepareCreate, prepareUpdate } from './preparation.ts';
import { render } from './rendering.ts';

export function create(context: Context, call: ResourceCall): Answer {
  const { object, warnings } = decodeBody(call, call.kind);
  const sent = toObject(object, call.kind);
  const wanted = named(placed(sent, call));
  checkNamespace(context, call);
  const prepared = prepareCreate(context, wanted, call);
  const { uid: _uid, resourceVersion: _version, ...rest } = prepared.metadata;
  const fresh = { ...prepared, metadata: { ...rest, uid: '' } };
  const stored = isDryRun(call.query) ? rehearse(context, fresh) : context.store.create(call.kind, fresh);
  return withWarnings(render(call, stored, 201), warnings);
}

/** What a dry run answers: everything but a resource version. */
function rehearse(context: Context, object: KubeObject): KubeObject {
  const { store } = context;
  return born(object, { now: store.now(), version: store.version });
}

function placed(object: KubeObject, call: ResourceCall): KubeObject {
  const namespace = namespaceOf(call);
  const sent = object.metadata.namespace ?? namespace;
  if (sent !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return namespace === '' ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

function named(object: KubeObject): KubeObject {
  const { name, generateName = '' } = object.metadata;
  if (name !== '' || generateName === '') return object;
  return { ...object, metadata: { ...object.metadata, name: generateName + suffix() } };
}

function checkNamespace(context: Context, call: ResourceCall): void {
  const namespace = namespaceOf(call);
  if (!call.kind.namespaced) return;
  if (namespace === '') throw badRequest('an empty namespace may not be set during creation');
  const found = context.store.find('Namespace', '', namespace);
  if (found === undefined) throw notFound(kindNamed('Namespace'), namespace);
  if (found.metadata.deletionTimestamp !== undefined) {
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(call.kind, '', why);
  }
}

export function get(context: Context, call: ResourceCall): Answer {
  return render(call, context.store.get(call.kind, namespaceOf(call), call.info.name));
}

export function update(context: Context, call: ResourceCall): Answer {
  const { object, warnings } = decodeBody(call, call.kind);
  const sent = placed(toObject(object, call.kind), call);
  if (sent.metadata.name !== call.info.name) {
    throw sent.metadata.name === ''
      ? invalid(call.kind, '', [required('metadata.name', 'name or generateName is required')])
      : badRequest(
          `the name of the object (${sent.metadata.name}) does not match the name on the URL (${call.info.name})`,
        );
  }
  return withWarnings(render(call, write(context, call, sent)), warnings);
}

export function patch(context: Context, call: ResourceCall): Answer {
  const before = context.store.get(call.kind, namespaceOf(call), call.info.name);
  const patched = applyPatch(patchType(call), patchable(before), readPatch(call));
  const { object, warnings } = decode(patched, call.kind, call.query.get('fieldValidation') ?? 'Warn');
  return withWarnings(render(call, write(context, call, toObject(object, call.kind))), warnings);
}

export function patchType(call: ResourceCall): string {
  const type = mediaType(call);
  if (!patchTypes.includes(type)) throw unsupportedMediaType(patchTypes);
  return type;
}

export function readPatch(call: ResourceCall): Json {
  try {
    return parseJson(call.body.toString());
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function patchable(object: KubeObject): JsonObject {
  return copy<JsonObject>(object);
}

function write(context: Context, call: ResourceCall, sent: KubeObject): KubeObject {
  const before = context.store.get(call.kind, namespaceOf(call), call.info.name);
  checkPreconditions(call, before, sent.metadata);
  const { metadata } = before;
  const kept = {
    name: metadata.name,
    uid: metadata.uid,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...(metadata.creationTimestamp === undefined ? {} : { creationTimestamp: metadata.creationTimestamp }),
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    ...(metadata.generation === undefined ? {} : { generation: metadata.generation }),
    ...(metadata.deletionTimestamp === undefined ? {} : { deletionTimestamp: metadata.deletionTimestamp }),
  };
  const next = prepareUpdate(context, { ...sent, metadata: { ...sent.metadata, ...kept } }, { ...call, before });
  const grown = metadata.generation !== undefined && !same(before['spec'], next['spec']);
  if (grown) next.metadata = { ...next.metadata, generation: (metadata.generation ?? 0) + 1 };
  return isDryRun(call.query) ? next : context.store.replace(call.kind, next);
}

function checkPreconditions(
  call: ResourceCall,
  before: KubeObject,
  sent: { resourceVersion?: string; uid?: string },
): void {
  const { resourceVersion = '', uid = '' } = sent;
  if (resourceVersion !== '' && resourceVersion !== before.metadata.resourceVersion)
    throw conflict(call.kind, call.info.name);
  if (uid !== '' && uid !== before.metadata.uid) throw otherUid(call.kind, call.info.name, [uid, before.metadata.uid]);
}

export function withWarnings(answer: Answer, warnings: string[]): Answer {
  if (warnings.length === 0 || answer.kind !== 'json') return answer;
  const warning = warnings.map(text => `299 - ${JSON.stringify(text)}`).join(', ');
  return { ...answer, headers: { ...answer.headers, warning } };
}
