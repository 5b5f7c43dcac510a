// SPDX-License-Identifier: Apache-2.0

import type { JsonObject } from '../objects/json.ts';
import { apiVersion, type Kind } from '../objects/kinds.ts';
import { type Answer, ok } from './api.ts';

/**
 * As much of OpenAPI as `kubectl apply` and `kubectl create -f` read before they send a file: which paths can be
 * patched, and that the server itself refuses unknown fields.
 */
export function openapi(kinds: Kind[], path: string): Answer | undefined {
  const stored = kinds.filter(kind => kind.verbs.includes('patch'));
  const roots = [...new Set(stored.map(rootOf))];
  if (path === '/openapi/v3') {
    const paths: JsonObject = {};
    for (const root of roots) paths[root] = { serverRelativeURL: `/openapi/v3/${root}` };
    return ok({ paths });
  }
  const root = roots.find(one => path === `/openapi/v3/${one}`);
  return root === undefined ? undefined : ok(documentOf(stored.filter(kind => rootOf(kind) === root)));
}

function rootOf(kind: Kind): string {
  return kind.group === '' ? 'api/v1' : `apis/${apiVersion(kind)}`;
}

function documentOf(kinds: Kind[]): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'embedded' },
    paths: Object.fromEntries(kinds.map(kind => [pathOf(kind), { patch: patchOf(kind) }])),
  };
}

function pathOf(kind: Kind): string {
  const namespace = kind.namespaced ? '/namespaces/{namespace}' : '';
  return `/${rootOf(kind)}${namespace}/${kind.resource}/{name}`;
}

function patchOf(kind: Kind): JsonObject {
  return {
    parameters: ['dryRun', 'fieldValidation'].map(name => ({ name, in: 'query', schema: { type: 'string' } })),
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-group-version-kind': { group: kind.group, kind: kind.kind, version: kind.version },
  };
}
