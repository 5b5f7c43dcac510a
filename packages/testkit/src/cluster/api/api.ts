// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Json } from '../objects/json.ts';
import type { Kind } from '../objects/kinds.ts';
import type { Store } from '../objects/store.ts';
import type { Node } from '../pods/node.ts';
import type { User } from '../rbac/rbac.ts';
import type { TokenSigner } from '../rbac/tokens.ts';
import type { ResourceRequest } from './request-info.ts';

/** What every answer is made from. */
export interface Context {
  store: Store;
  signer: TokenSigner;
  node: Node;
  allowHostPath: boolean;
  /** The longest life of a token, seconds: longer wishes are shortened. */
  maxTokenSeconds: number;
  /** Every token that was asked for. */
  issued: string[];
}

export interface Call {
  method: string;
  url: URL;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  user: User;
  body: Buffer;
}

/** A call for a resource that is served. */
export interface ResourceCall extends Call {
  kind: Kind;
  info: ResourceRequest;
}

export type Answer =
  | { kind: 'json'; status: number; body: Json; contentType?: string; headers?: Record<string, string> }
  | { kind: 'text'; status: number; text: string }
  | { kind: 'stream'; start(response: ServerResponse): void };

export function ok(body: Json, status = 200): Answer {
  return { kind: 'json', status, body };
}

export function isDryRun(query: URLSearchParams): boolean {
  return query.getAll('dryRun').includes('All');
}

/** Where objects of the call live: nowhere for kinds without a namespace. */
export function namespaceOf(call: ResourceCall): string {
  return call.kind.namespaced ? call.info.namespace : '';
}
