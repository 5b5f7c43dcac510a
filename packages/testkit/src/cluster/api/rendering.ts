// SPDX-License-Identifier: Apache-2.0

import type { JsonObject } from '../objects/json.ts';
import { apiVersion, type Kind } from '../objects/kinds.ts';
import type { KubeObject } from '../objects/objects.ts';
import { notAcceptable } from '../objects/status.ts';
import type { Answer, ResourceCall } from './api.ts';
import { toTable } from './table.ts';

const offered = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

export type Form = 'json' | 'table';

/** What the client takes: JSON, or a table made of it. Answers in other encodings are not made. */
export function formOf(accept: string | undefined): Form {
  const wishes = (accept ?? '*/*').split(',').map(wish => wish.split(';').map(part => part.trim()));
  for (const [type = '', ...parameters] of wishes) {
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    if (parameters.includes('as=Table') && parameters.includes('v=v1')) return 'table';
    if (!parameters.some(parameter => parameter.startsWith('as='))) return 'json';
  }
  throw notAcceptable(offered);
}

export function render(call: ResourceCall, object: KubeObject, status = 200): Answer {
  const form = formOf(call.headers.accept);
  const body = form === 'table' ? toTable(call.kind, [object], object.metadata) : object;
  return { kind: 'json', status, body };
}

export function renderList(call: ResourceCall, objects: KubeObject[], metadata: JsonObject): Answer {
  const body =
    formOf(call.headers.accept) === 'table'
      ? toTable(call.kind, objects, metadata)
      : toList(call.kind, objects, metadata);
  return { kind: 'json', status: 200, body };
}

function toList(kind: Kind, objects: KubeObject[], metadata: JsonObject): JsonObject {
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersion(kind),
    metadata,
    items: objects.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest),
  };
}
