// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Runtime } from '../../runtime/runtime.ts';
import { badRequest, forbidden, methodNotAllowed, notImplemented } from '../objects/status.ts';
import { resolveExec, serveExec } from '../pods/exec.ts';
import { negotiate, type Protocol } from '../pods/exec-protocol.ts';
import { authorize } from '../rbac/rbac.ts';
import type { Call, Context } from './api.ts';
import { type ResourceRequest, requestInfo } from './request-info.ts';
import { checkAccess, servedKind } from './routing.ts';

export interface Connection {
  request: IncomingMessage;
  socket: Socket;
  head: Buffer;
}

type Parts = {
  context: Context;
  runtime: Runtime;
  logger: { error(message: string, error: unknown): void };
};

/** Requests that ask for another protocol: exec over WebSocket, and nothing else. */
export class Upgrades {
  readonly #parts: Parts;
  readonly #servers = new Map<string, WebSocketServer>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Answers with the status that was sent. */
  async serve(call: Call, connection: Connection): Promise<number> {
    const { context } = this.#parts;
    const info = requestInfo(call.method, call.url);
    checkAccess(context, call, info);
    if (info.kind !== 'resource' || info.subresource !== 'exec' || servedKind(context, info)?.kind !== 'Pod') {
      throw badRequest('the embedded cluster upgrades only requests for exec');
    }
    if ((connection.request.headers.upgrade ?? '').toLowerCase() !== 'websocket')
      throw notImplemented('exec over SPDY');
    if (call.method !== 'GET') throw methodNotAllowed();
    checkCreate(context, call, info);
    const request = resolveExec(context, info, call.query);
    const protocol = negotiate(context.store.version, offeredBy(connection.request));
    if (protocol === undefined) return refuseBare(connection.socket);
    const socket = await this.#accept(connection, protocol);
    const stream = { socket, protocol, context, runtime: this.#parts.runtime, request };
    serveExec(stream).catch((error: unknown) => {
      this.#parts.logger.error('An exec stream failed', error);
      socket.terminate();
    });
    return 101;
  }

  #accept({ request, socket, head }: Connection, protocol: Protocol): Promise<WebSocket> {
    return new Promise(resolve => {
      this.#server(protocol).handleUpgrade(request, socket, head, accepted => resolve(accepted));
    });
  }

  #server(protocol: Protocol): WebSocketServer {
    const found = this.#servers.get(protocol.name);
    if (found !== undefined) return found;
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      handleProtocols: () => protocol.name,
    });
    // A real server sends the header, empty, also to a client that offered nothing.
    if (protocol.name === '') server.on('headers', headers => headers.push('Sec-WebSocket-Protocol: '));
    this.#servers.set(protocol.name, server);
    return server;
  }
}

/** Since Kubernetes 1.35 a stream opened with GET needs the permission to create as well. */
function checkCreate(context: Context, call: Call, info: ResourceRequest): void {
  if (context.store.version !== '1.36') return;
  const decision = authorize(context.store, call.user, { ...info, verb: 'create' });
  if (!decision.allowed) throw forbidden(info, info.name, '');
}

function offeredBy(request: IncomingMessage): string[] {
  return (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
}

function refuseBare(socket: Socket): number {
  socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  return 403;
}
