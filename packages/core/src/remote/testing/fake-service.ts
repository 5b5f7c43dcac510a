// SPDX-License-Identifier: Apache-2.0
// What a scan service says to its client, over real HTTP; each answer can be replaced by a worse one.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ServiceApi } from '../service-api.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => unknown;
type Question = 'token' | 'submit' | 'scan' | 'events' | 'reports' | 'results' | 'cancel';
type ScanRow = ServiceApi['Scan'];

export const scanId = '01920000-0000-7000-8000-000000000001';

export const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

export const page = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>');
};

export const stream = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
};

export const refuse = (response: ServerResponse, status: number, said: { code: string; detail: string }): void => {
  const body = { type: 'about:blank', title: 'no', status, remedy: 'Do otherwise.', ...said };
  response.writeHead(status, { 'content-type': 'application/problem+json; charset=utf-8' }).end(JSON.stringify(body));
};

const nothing: ScanRow = {
  id: scanId,
  state: 'done',
  verdict: 'pass',
  reason: null,
  exitCode: null,
  error: null,
  counts: null,
  attempt: 1,
  position: null,
  queue: null,
  estimate: null,
  waitedSeconds: 0,
  ranSeconds: null,
  cancelRequested: false,
  requestedAt: '2026-01-01T00:00:00.000Z',
  deadlineAt: '2026-01-01T01:00:00.000Z',
  startedAt: null,
  finishedAt: null,
  runId: null,
  isolation: 'none',
  origin: 'service',
  imported: null,
  ask: {},
  pins: { cluster: 'east', profiles: [], threshold: null },
};

export class FakeService implements AsyncDisposable {
  private readonly server = createServer((request, response) => void this.answer(request, response));
  private readonly answers: Partial<Record<Question, Answer>> = {};
  /** Every request, as `METHOD path`. */
  readonly asked: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  /** Those that keys were asked for with. */
  readonly tokens: string[] = [];
  /** How long such keys last, milliseconds. */
  keyMs = 3_600_000;
  scan: ScanRow = { ...nothing };
  events: { event: string; data: unknown }[] = [];
  /** Folder of the run. */
  run: string | undefined;

  static async open(port = 0): Promise<FakeService> {
    const fake = new FakeService();
    fake.server.listen(port, '127.0.0.1');
    await once(fake.server, 'listening');
    return fake;
  }

  get port(): number {
    const address = this.server.address() as AddressInfo;
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** From now on this question is answered so. */
  on(question: Question, answer: Answer): this {
    this.answers[question] = answer;
    return this;
  }

  times(part: string): number {
    return this.asked.filter(line => line.includes(part)).length;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    this.asked.push(`${method} ${url}`);
    this.headers.push(headers);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const question = questionOf(url);
    const answer = question && (this.answers[question] ?? this.usual[question]);
    if (answer === undefined)
      return refuse(response, 404, { code: 'SERVICE_NOT_FOUND', detail: `There is nothing at ${url}` });
    await answer(request, response, body);
  }

  private readonly usual: Record<Question, Answer> = {
    token: (_, response, body) => {
      this.tokens.push((JSON.parse(body) as { token: string }).token);
      const expiresAt = new Date(Date.now() + this.keyMs).toISOString();
      const rule = { team: 'shop', role: 'scanner', scope: null, issuer: 'ci', rule: 'main' };
      send(response, 201, { key: `cs_key${this.tokens.length}_of-the-fake-service`, expiresAt, ...rule });
    },
    submit: (_, response, body) => {
      this.scan.ask = JSON.parse(body) as Record<string, unknown>;
      const self = `/api/v1/scans/${scanId}`;
      send(response, 202, { id: scanId, kind: 'new', joined: false, links: { self, results: '', events: '' } });
    },
    scan: (_, response) => send(response, 200, this.scan),
    events: (request, response) => {
      const after = Number(request.headers['last-event-id'] ?? 0);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const [index, { event, data }] of this.events.entries())
        if (index >= after) response.write(`id: ${index + 1}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      response.end('event: end\ndata: {}\n\n');
    },
    reports: (_, response) => send(response, 200, { items: this.reports() }),
    results: (request, response) => {
      const file = new URL(request.url ?? '', this.url).searchParams.get('file') ?? '';
      const bytes = readFileSync(join(this.run ?? '', file));
      response.writeHead(200, { etag: `"${sha256(bytes)}"`, 'content-type': 'application/json' }).end(bytes);
    },
    cancel: (_, response) => send(response, 202, { state: 'cancelled', others: 0 }),
  };

  reports(): ServiceApi['ReportList']['items'] {
    const { run } = this;
    if (run === undefined) return [];
    return readdirSync(run).map(file => ({
      file,
      bytes: readFileSync(join(run, file)).length,
      kind: file === 'scan.json' ? 'scan' : file === 'outputs.json' ? 'outputs' : 'hdf',
      digest: sha256(readFileSync(join(run, file))),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function questionOf(url: string): Question | undefined {
  const path = url.split('?', 1)[0] ?? '';
  if (path === '/api/v1/token') return 'token';
  if (path === '/api/v1/scans') return 'submit';
  const [, last] = /^\/api\/v1\/scans\/[^/]+(?:\/(events|reports|results|cancel))?$/.exec(path) ?? ['', undefined];
  if (last === undefined) return path.startsWith('/api/v1/scans/') ? 'scan' : undefined;
  return last as Question;
}
