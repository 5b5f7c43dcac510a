// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { ScanError, toMessage } from '../errors/index.ts';
import { readBody, receive, startRequest } from '../http/index.ts';
import { type Answer, type ApiRequest, toRefusal } from './answer.ts';
import { defaultRetry, type RetryOptions, retryAfterMs, Transient, withRetry } from './retry.ts';
import { unlessAborted } from './unless-aborted.ts';

/** What a request shows of its sender, and how it gets there. */
interface Presented {
  /** TLS settings, agent and headers for Node's https and for WebSockets. */
  options: RequestOptions;
  /** After a 401: whether there is something else to show now, so that asking again makes sense. */
  renew: ((signal: AbortSignal | undefined) => Promise<boolean>) | undefined;
}

/** Asked before each request: tokens and certificates are renewed while a run lasts. */
export type Credentials = (signal: AbortSignal | undefined) => Promise<Presented>;

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

  /**
   * Ignores a cancelled run: for taking back what the run made. Whoever cancelled it waits, and a CI system kills after
   * some seconds; so not even this goes on for long.
   */
  withoutCancel(): Cluster {
    const { signal, ...settings } = this.settings;
    return new Cluster({ ...settings, signal: AbortSignal.timeout(signal?.aborted === true ? 15_000 : 60_000) });
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
      async attempt => {
        const answer = await this.sendRenewed(request, what);
        if (!isPassing(answer)) return { ...answer, retried: attempt > 0 };
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

  /** A credential that was good when it was made may be refused by now: then it is renewed, once. */
  private async sendRenewed(request: ApiRequest, what: string): Promise<Answer> {
    const { credentials, signal } = this.settings;
    const first = await unlessAborted(credentials(signal), signal);
    const answer = await this.sendOnce(request, what, first.options);
    if (answer.status !== 401 || (await first.renew?.(signal)) !== true) return answer;
    return this.sendOnce(request, what, (await unlessAborted(credentials(signal), signal)).options);
  }

  private async sendOnce(request: ApiRequest, what: string, auth: RequestOptions): Promise<Answer> {
    const { requestTimeoutMs = 30_000, signal } = this.settings;
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const options: RequestOptions = {
      ...auth,
      method: request.method,
      headers: headersOf(auth, request, body),
      ...(signal && { signal }),
    };
    try {
      const sent = startRequest(this.urlOf(request.path, request.query), options);
      sent.end(body);
      return await toAnswer(await receive(sent, requestTimeoutMs));
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

async function toAnswer(response: IncomingMessage): Promise<Answer> {
  const text = (await readBody(response, maxAnswerBytes)).toString('utf8');
  return { status: response.statusCode ?? 0, headers: plain(response.headers), text };
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
