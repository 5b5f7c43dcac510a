// SPDX-License-Identifier: Apache-2.0
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { ScanError, toMessage } from '../errors/index.ts';
import { type Answer, type ApiRequest, toRefusal } from './answer.ts';
import { defaultRetry, type RetryOptions, retryAfterMs, Transient, withRetry } from './retry.ts';

/** Where the credentials of a connection come from: fetched anew for each request, since plugins renew them. */
export interface Credentials {
  /** TLS settings, agent and headers for Node's https and for WebSockets. */
  options(): Promise<RequestOptions>;
}

export interface ClusterSettings {
  /** The kubeconfig's context, or `in-cluster`. */
  alias: string;
  server: URL;
  credentials: Credentials;
  retry?: RetryOptions;
  /** For one request and its answer, milliseconds. */
  requestTimeoutMs?: number;
  signal?: AbortSignal;
}

const maxAnswerBytes = 64 * 1024 * 1024;

/** One identity at one API server. */
export class Cluster {
  readonly alias: string;
  readonly server: URL;
  readonly settings: ClusterSettings;

  constructor(settings: ClusterSettings) {
    this.alias = settings.alias;
    this.server = settings.server;
    this.settings = settings;
  }

  /** The same server under another identity. */
  as(credentials: Credentials): Cluster {
    return new Cluster({ ...this.settings, credentials });
  }

  /** Ignores a cancelled run: for taking back what the run made. */
  withoutCancel(): Cluster {
    const { signal: _, ...settings } = this.settings;
    return new Cluster(settings);
  }

  /** Gives up requests, and streams that are not open yet, once this signal says so too. */
  until(signal: AbortSignal): Cluster {
    const { signal: own } = this.settings;
    return new Cluster({ ...this.settings, signal: own === undefined ? signal : AbortSignal.any([own, signal]) });
  }

  /** Any answer of the server, after retries of what may pass (429, 5xx, lost connections). */
  async send(request: ApiRequest): Promise<Answer> {
    const what = `${request.method} ${request.path}`;
    return withRetry(
      async () => {
        const answer = await this.sendOnce(request, what);
        if (!isPassing(answer)) return answer;
        throw new Transient(toRefusal(answer, what), retryAfterMs(answer.headers['retry-after']));
      },
      this.settings.retry ?? defaultRetry,
      this.settings.signal,
    );
  }

  /** The answer of a request that has to succeed; `what` names it in the error. */
  async call(request: ApiRequest, what: string): Promise<Answer> {
    const answer = await this.send(request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw toRefusal(answer, what);
  }

  private async sendOnce(request: ApiRequest, what: string): Promise<Answer> {
    const { credentials, requestTimeoutMs = 30_000, signal } = this.settings;
    const auth = await credentials.options();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const options: RequestOptions = {
      ...auth,
      method: request.method,
      headers: headersOf(auth, request, body),
      timeout: requestTimeoutMs,
      ...(signal && { signal }),
    };
    try {
      return await exchange(this.urlOf(request.path, request.query), options, body);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw new Transient(this.unreachable(what, error));
    }
  }

  /** A path below the server, which itself may lie below a path (Rancher, for one). */
  urlOf(path: string, query: Record<string, string> = {}): URL {
    const url = new URL(this.server.pathname.replace(/\/$/, '') + path, this.server);
    for (const [key, value] of Object.entries(query)) url.searchParams.append(key, value);
    return url;
  }

  private unreachable(what: string, cause: unknown): ScanError {
    return new ScanError('CLUSTER_UNREACHABLE', `${what} at ${this.server.origin}: ${networkMessage(cause)}`, {
      cause,
    });
  }
}

function headersOf(auth: RequestOptions, request: ApiRequest, body: string | undefined): OutgoingHttpHeaders {
  const given: OutgoingHttpHeaders = Object.fromEntries(Object.entries(auth.headers ?? {}));
  const content = {
    'content-type': request.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(body ?? ''),
  };
  return { ...given, accept: 'application/json', ...(body !== undefined && content) };
}

/** AggregateError (several addresses tried) has an empty message of its own. */
function networkMessage(cause: unknown): string {
  return cause instanceof AggregateError ? cause.errors.map(toMessage).join('; ') : toMessage(cause);
}

function exchange(url: URL, options: RequestOptions, body: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const request = send(url, options, response => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) request.destroy(new Error(`the answer is larger than ${maxAnswerBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the connection was closed in the middle of an answer')));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: plain(response.headers),
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${options.timeout} ms`)));
    request.on('error', reject);
    request.end(body);
  });
}

function plain(headers: IncomingHttpHeaders): Answer['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value]),
  );
}

/** 500 is left out: the API server answers it for what will not pass, such as a broken webhook. */
function isPassing(answer: Answer): boolean {
  return [408, 429, 502, 503, 504].includes(answer.status);
}
