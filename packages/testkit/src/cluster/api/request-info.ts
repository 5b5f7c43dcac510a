// SPDX-License-Identifier: Apache-2.0
import { selectedName } from '../objects/selectors.ts';

/** What a request asks for, in the words of authorization. */
export type RequestInfo = ResourceRequest | PathRequest;

export interface PathRequest {
  kind: 'path';
  verb: string;
  path: string;
}

export interface ResourceRequest {
  kind: 'resource';
  verb: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
}

const verbs: Record<string, string> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

export function requestInfo(method: string, url: URL): RequestInfo {
  const verb = verbs[method] ?? method.toLowerCase();
  const parts = url.pathname
    .split('/')
    .filter(part => part !== '')
    .map(decode);
  const located = locate(parts);
  if (located === undefined) return { kind: 'path', verb, path: url.pathname };
  const { namespace, rest } = scope(located.rest);
  const [resource = '', name = '', ...sub] = rest;
  const info = { kind: 'resource' as const, group: located.group, version: located.version, namespace, resource };
  if (name !== '') return { ...info, verb, subresource: sub.join('/'), name };
  return { ...info, verb: collectionVerb(verb, url), subresource: '', name: selectedFor(verb, url) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function locate(parts: string[]): { group: string; version: string; rest: string[] } | undefined {
  const [root, first = '', second = ''] = parts;
  if (root === 'api' && parts.length > 2) return { group: '', version: first, rest: parts.slice(2) };
  if (root === 'apis' && parts.length > 3) return { group: first, version: second, rest: parts.slice(3) };
  return undefined;
}

function scope(rest: string[]): { namespace: string; rest: string[] } {
  const [first, namespace = ''] = rest;
  if (first !== 'namespaces' || namespace === '') return { namespace: '', rest };
  // A namespace itself is authorized in its own namespace.
  return rest.length > 2 ? { namespace, rest: rest.slice(2) } : { namespace, rest };
}

function collectionVerb(verb: string, url: URL): string {
  if (verb === 'delete') return 'deletecollection';
  if (verb !== 'get') return verb;
  return isTrue(url.searchParams.get('watch')) ? 'watch' : 'list';
}

function selectedFor(verb: string, url: URL): string {
  return verb === 'get' || verb === 'delete' ? selectedName(url.searchParams.get('fieldSelector') ?? '') : '';
}

/** Kubernetes reads any value but these as true. */
export function isTrue(value: string | null): boolean {
  return value !== null && !['false', '0', ''].includes(value.toLowerCase());
}
