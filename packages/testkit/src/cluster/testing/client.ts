// SPDX-License-Identifier: Apache-2.0
import { type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request } from 'node:https';
import { type RawData, WebSocket } from 'ws';
import type { EmbeddedCluster } from '../cluster.ts';
import { type Json, objectAt, parseJson, textAt } from '../objects/json.ts';

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; the text itself where it is none. */
  body: Json;
}

export interface Ask {
  method?: string;
  path: string;
  /** The administrator's if not given; none if empty. */
  token?: string;
  body?: Json | undefined;
  headers?: Record<string, string>;
}

/** Asks the API as plainly as can be: one request, one answer, nothing repeated. */
export class Client {
  readonly cluster: EmbeddedCluster;

  constructor(cluster: EmbeddedCluster) {
    this.cluster = cluster;
  }

  ask(wish: Ask): Promise<Reply> {
    const { method = 'GET', path, body } = wish;
    const text = body === undefined ? undefined : toText(body);
    const options: RequestOptions & { ca: string } = {
      method,
      ca: this.cluster.ca,
      headers: this.#headers(wish),
      agent: false,
    };
    return new Promise((resolve, reject) => {
      const sent = request(this.cluster.url + path, options, response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve(toReply(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString())),
        );
      });
      sent.on('error', reject);
      sent.end(text);
    });
  }

  #headers({ token = this.cluster.adminToken, headers = {}, body }: Ask): Record<string, string> {
    return {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': lengthOf(body) }),
      ...headers,
    };
  }

  async create(path: string, body: Json, token = this.cluster.adminToken): Promise<Reply> {
    return this.ask({ method: 'POST', path, body, token });
  }

  /** A new token of a ServiceAccount. */
  async tokenOf(namespace: string, name: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    return textAt((await this.create(path, { spec: {} })).body, 'status', 'token');
  }

  /** Watches until an object satisfies the condition, and answers with it. */
  async until(path: string, name: string, wanted: (object: Json) => boolean): Promise<Json> {
    const query = `watch=true&timeoutSeconds=60&fieldSelector=metadata.name%3D${name}`;
    const options = { ca: this.cluster.ca, headers: this.#headers({ path }), agent: false as const };
    return new Promise((resolve, reject) => {
      const sent = request(`${this.cluster.url}${path}?${query}`, options, response => {
        let text = '';
        response.setEncoding('utf8');
        response.on('end', () => reject(new Error(`The watch of ${name} ended before what was waited for came`)));
        response.on('data', (chunk: string) => {
          const lines = (text + chunk).split('\n');
          text = lines.pop() ?? '';
          const found = lines.map(line => objectAt(parseJson(line), 'object')).find(wanted);
          if (found === undefined) return;
          sent.destroy();
          resolve(found);
        });
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  untilPhase(namespace: string, name: string, phase: string): Promise<Json> {
    return this.until(`/api/v1/namespaces/${namespace}/pods`, name, pod => textAt(pod, 'status', 'phase') === phase);
  }

  exec(wish: ExecWish): Promise<ExecResult> {
    return openExec(this, wish);
  }
}

function toText(body: Json): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function lengthOf(body: Json): string {
  return String(Buffer.byteLength(toText(body)));
}

function toReply(status: number, headers: IncomingHttpHeaders, text: string): Reply {
  return { status, headers, text, body: toJson(text) };
}

function toJson(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

export interface ExecWish {
  path: string;
  protocols?: string[];
  token?: string;
  /** Called once the stream is open. */
  onOpen?(socket: WebSocket): void;
  /** Called for every frame that comes. */
  onFrame?(frame: Frame, socket: WebSocket): void;
}

interface Frame {
  channel: number;
  bytes: number;
  data: Buffer;
  text: string;
}

export interface ExecResult {
  protocol: string;
  frames: Frame[];
  close?: number;
  refused?: { status: number; contentType: string | undefined; body: Json };
  error?: string;
}

function openExec(client: Client, wish: ExecWish): Promise<ExecResult> {
  const { token = client.cluster.adminToken, protocols = ['v5.channel.k8s.io'] } = wish;
  const url = client.cluster.url.replace('https:', 'wss:') + wish.path;
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, protocols, { ca: client.cluster.ca, headers, perMessageDeflate: false });
  const result: ExecResult = { protocol: '', frames: [] };
  return new Promise(resolve => {
    socket.on('open', () => {
      result.protocol = socket.protocol;
      wish.onOpen?.(socket);
    });
    socket.on('message', data => {
      const frame = toFrame(toBuffer(data));
      result.frames.push(frame);
      wish.onFrame?.(frame, socket);
    });
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = toJson(Buffer.concat(chunks).toString());
        const status = response.statusCode ?? 0;
        resolve({ ...result, refused: { status, contentType: response.headers['content-type'], body } });
      });
    });
    socket.on('error', error => {
      result.error = error.message;
    });
    socket.on('close', code => resolve({ ...result, close: code }));
  });
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function toFrame(data: Buffer): Frame {
  const rest = data.subarray(1);
  return { channel: data[0] ?? -1, bytes: rest.length, data: rest, text: rest.toString() };
}
