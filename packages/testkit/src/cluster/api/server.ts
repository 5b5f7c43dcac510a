// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Runtime } from '../../runtime/runtime.ts';
import { parseJson } from '../objects/json.ts';
import { ApiError } from '../objects/status.ts';
import type { Authentication } from '../rbac/authentication.ts';
import type { Certificates } from '../rbac/certificates.ts';
import type { User } from '../rbac/rbac.ts';
import type { Answer, Call, Context } from './api.ts';
import { cutAfter, type FaultAction, type Faults } from './faults.ts';
import { requestInfo } from './request-info.ts';
import type { RequestLog } from './request-log.ts';
import { answer, checkAccess } from './routing.ts';
import { Upgrades } from './upgrades.ts';

export interface ServerParts {
  context: Context;
  runtime: Runtime;
  certificates: Certificates;
  authentication: Authentication;
  faults: Faults;
  requests: RequestLog;
  logger: Logger;
}

export interface Logger {
  error(message: string, error: unknown): void;
}

const largestBody = 3 * 1024 * 1024;

/** The HTTPS side of the API: connections, faults, authentication, and the form of answers. */
export class ApiServer {
  readonly #parts: ServerParts;
  readonly #server: Server;
  readonly #raw = new Map<number, Socket>();
  readonly #upgrades: Upgrades;
  /** Responses that are never sent. */
  readonly #held = new WeakSet<ServerResponse | Socket>();

  constructor(parts: ServerParts) {
    const { ca, server } = parts.certificates;
    this.#parts = parts;
    this.#upgrades = new Upgrades(parts);
    this.#server = createServer({
      cert: server.certificate,
      key: server.key,
      ca,
      requestCert: true,
      rejectUnauthorized: false,
    });
    // As long as a real server keeps an idle connection, so that clients do not meet one that just closed.
    this.#server.keepAliveTimeout = 120_000;
    // The plain TCP socket below TLS: only it can be cut or reset without a farewell.
    this.#server.on('connection', (socket: Socket) => this.#track(socket));
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on(
      'upgrade',
      (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(request, socket, head),
    );
  }

  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve(`https://127.0.0.1:${addressOf(this.#server).port}`));
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#raw.values()) socket.destroy();
    await closed;
  }

  #track(socket: Socket): void {
    const port = socket.remotePort;
    if (port === undefined) return;
    this.#raw.set(port, socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#raw.delete(port));
  }

  #rawOf(socket: Socket): Socket {
    return this.#raw.get(socket.remotePort ?? -1) ?? socket;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = this.#enter(request);
    response.once('close', () => this.#record(entry, response.headersSent ? response.statusCode : 0));
    try {
      const body = await readBody(request);
      if (await this.#struck(request, entry.url, response)) return;
      const reply = this.#answer(request, { entry, body });
      if (!this.#held.has(response)) write(response, reply);
    } catch (error) {
      write(response, this.#failure(error));
    }
  }

  #enter(request: IncomingMessage): Entry {
    const url = new URL(request.url ?? '/', 'https://127.0.0.1');
    return { method: request.method ?? 'GET', url, user: '', at: this.#parts.context.store.now() };
  }

  #record(entry: Entry, status: number): void {
    const { method, url, user, at } = entry;
    this.#parts.requests.add({ method, path: url.pathname, query: url.search.slice(1), user, status, at });
  }

  #answer(request: IncomingMessage, { entry, body }: { entry: Entry; body: Buffer }): Answer {
    const { context } = this.#parts;
    const call = this.#call(request, entry, body);
    const info = requestInfo(entry.method, entry.url);
    checkAccess(context, call, info);
    return answer(context, call, info);
  }

  #call(request: IncomingMessage, entry: Entry, body: Buffer): Call {
    const user: User = this.#parts.authentication.userOf(request);
    entry.user = user.name;
    return {
      method: entry.method,
      url: entry.url,
      query: entry.url.searchParams,
      headers: request.headers,
      user,
      body,
    };
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const entry = this.#enter(request);
    const plain = toSocket(socket);
    plain.on('error', () => plain.destroy());
    let status = 0;
    try {
      if (await this.#struck(request, entry.url, plain)) return;
      const call = this.#call(request, entry, Buffer.alloc(0));
      status = await this.#upgrades.serve(call, { request, socket: plain, head });
    } catch (error) {
      status = refuse(plain, this.#failure(error));
    } finally {
      this.#record(entry, status);
    }
  }

  /** Carries out the faults for a request; true when one of them has answered it. */
  async #struck(request: IncomingMessage, url: URL, to: ServerResponse | Socket): Promise<boolean> {
    for (const action of this.#parts.faults.strike(request.method ?? 'GET', url.pathname + url.search)) {
      if (await this.#carryOut(action, request.socket, to)) return true;
    }
    return false;
  }

  async #carryOut(action: FaultAction, socket: Socket, to: ServerResponse | Socket): Promise<boolean> {
    switch (action.kind) {
      case 'delay':
        await delay(action.ms);
        return false;
      case 'hold':
        if (action.served && 'writeHead' in to) this.#held.add(to);
        return !this.#held.has(to);
      case 'cut':
        cutAfter(socket, this.#rawOf(socket), action.afterBytes);
        return action.afterBytes === 0;
      case 'reset':
        this.#rawOf(socket).resetAndDestroy();
        return true;
      case 'status': {
        const failure = faultAnswer(action);
        if ('writeHead' in to) write(to, failure);
        else refuse(to, failure);
        return true;
      }
    }
  }

  #failure(error: unknown): Answer {
    if (error instanceof ApiError) {
      return { kind: 'json', status: error.code, body: error.toStatus(), headers: error.headers };
    }
    if (error instanceof Error && 'code' in error && error.name === 'NodeRefusal') {
      return { kind: 'text', status: Number(error.code), text: error.message };
    }
    this.#parts.logger.error('The embedded cluster failed to answer a request', error);
    const internal = new ApiError(500, `Internal error occurred: ${String(error)}`, { reason: 'InternalError' });
    return { kind: 'json', status: 500, body: internal.toStatus() };
  }
}

interface Entry {
  method: string;
  url: URL;
  user: string;
  at: Date;
}

/** An upgrade of an HTTPS server always comes with its TLS socket. */
function toSocket(stream: Duplex): TLSSocket {
  if (stream instanceof TLSSocket) return stream;
  throw new TypeError('The upgrade came without a TLS socket');
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server does not listen');
  return address;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const data of parseChunks(request)) {
    size += data.length;
    if (size > largestBody)
      throw new ApiError(413, `Request entity too large: limit is ${largestBody}`, { reason: 'RequestEntityTooLarge' });
    chunks.push(data);
  }
  return Buffer.concat(chunks);
}

/** A request without an encoding gives buffers. */
function parseChunks(request: IncomingMessage): AsyncIterable<Buffer> {
  return request;
}

function faultAnswer(action: Extract<FaultAction, { kind: 'status' }>): Answer {
  const { code, body, headers = {} } = action;
  if (typeof body === 'string') return { kind: 'text', status: code, text: body };
  const status = new ApiError(code, 'a fault that was switched on', {}).toStatus();
  return { kind: 'json', status: code, body: body === undefined ? status : parseJson(JSON.stringify(body)), headers };
}

function headersOf(reply: Exclude<Answer, { kind: 'stream' }>): Record<string, string> {
  if (reply.kind === 'text') {
    return { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  }
  return {
    'content-type': reply.contentType ?? 'application/json',
    'cache-control': 'no-cache, private',
    ...reply.headers,
  };
}

function textOf(reply: Exclude<Answer, { kind: 'stream' }>): string {
  return reply.kind === 'text' ? reply.text : `${JSON.stringify(reply.body)}\n`;
}

function write(response: ServerResponse, reply: Answer): void {
  if (reply.kind === 'stream') return reply.start(response);
  response.writeHead(reply.status, headersOf(reply));
  response.end(textOf(reply));
}

/** Answers a request for an upgrade with a plain response. */
function refuse(socket: Socket, reply: Answer): number {
  if (reply.kind === 'stream') throw new TypeError('An upgrade is never refused with a stream');
  const text = textOf(reply);
  const headers = { ...headersOf(reply), 'content-length': String(Buffer.byteLength(text)), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${reply.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${text}`);
  return reply.status;
}
