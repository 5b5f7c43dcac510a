// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import { apiPath, parseJson, parseStatus, toRefusal } from './answer.ts';
import type { Cluster } from './cluster.ts';
import { defaultRetry, retryAfterMs, Transient, withRetry } from './retry.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface ExecTarget {
  namespace: string;
  pod: string;
  container: string;
}

/** How a stream ended. Only `exited` and `not-started` are the server's own word; a socket that closes without is `lost`. */
export type ExecEnd =
  | { kind: 'exited'; code: number }
  /** The executable could not be run; `missing` only if the runtime says that there is none. */
  | { kind: 'not-started'; missing: boolean; message: string }
  | { kind: 'lost'; message: string };

// v5 can close stdin alone and is what servers since about 1.30 choose; v4 is what older ones speak. A server that is
// offered only what it does not know answers a bare 403, so both are always offered.
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3 } as const;
// Proxies and load balancers cut idle connections, often after 60 s.
const pingMs = 20_000;
const maxFrameBytes = 8 * 1024 * 1024;

const execStatus = z.object({
  status: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({ causes: z.array(z.object({ reason: z.string().optional(), message: z.string().optional() })).optional() })
    .nullish(),
});

type Receiver = (bytes: Buffer) => void;

/** One running command in a container: bytes in, bytes out on two channels, one end. */
export class ExecStream {
  readonly ended: Promise<ExecEnd>;
  onStdout: Receiver = () => undefined;
  onStderr: Receiver = () => undefined;
  private readonly socket: WebSocket;
  private status: ExecEnd | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    const ping = setInterval(() => socket.ping(), pingMs);
    this.ended = new Promise(resolve => {
      socket.on('close', (code: number) => {
        clearInterval(ping);
        resolve(this.status ?? { kind: 'lost', message: `the stream was closed without a status (code ${code})` });
      });
    });
    socket.on('message', (data: Buffer) => this.receive(data));
    socket.on('error', error => {
      this.status ??= { kind: 'lost', message: toMessage(error) };
    });
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(Buffer.concat([Buffer.from([channel.stdin]), bytes]), error =>
        error
          ? reject(
              new ScanError('TARGET_LOST', `The stream does not take input: ${toMessage(error)}`, { cause: error }),
            )
          : resolve(),
      );
    });
  }

  /** Asks for a clean close and, where none comes within the time, cuts the connection. */
  async close(graceMs = 1000): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.close(1000);
    const cut = setTimeout(() => this.socket.terminate(), graceMs);
    await this.ended;
    clearTimeout(cut);
  }

  private receive(data: Buffer): void {
    const bytes = data.subarray(1);
    switch (data[0] ?? channel.stdin) {
      case channel.stdout:
        if (bytes.length > 0) this.onStdout(bytes);
        break;
      case channel.stderr:
        if (bytes.length > 0) this.onStderr(bytes);
        break;
      case channel.status:
        this.status = toEnd(bytes.toString('utf8'));
        break;
      default: // 255 closes a channel (v5), an empty message is legal: nothing to do for either
        break;
    }
  }
}

/** Opens a stream; refusals before the upgrade are retried where they may pass, for nothing ran yet. */
export async function openExec(cluster: Cluster, target: ExecTarget, command: string[]): Promise<ExecStream> {
  const what = `exec into ${target.namespace}/${target.pod}/${target.container}`;
  const { retry = defaultRetry, signal } = cluster.settings;
  return withRetry(() => upgradeRenewed(cluster, execUrl(cluster, target, command), what), retry, signal);
}

function execUrl(cluster: Cluster, { namespace, pod, container }: ExecTarget, command: string[]): URL {
  const path = apiPath('api/v1/namespaces', namespace, 'pods', pod, 'exec');
  const url = cluster.urlOf(path);
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  for (const word of command) url.searchParams.append('command', word);
  for (const name of ['stdin', 'stdout', 'stderr']) url.searchParams.set(name, 'true');
  url.searchParams.set('container', container);
  return url;
}

async function upgradeRenewed(cluster: Cluster, url: URL, what: string): Promise<ExecStream> {
  const { credentials, signal } = cluster.settings;
  const first = await unlessAborted(credentials(signal), signal);
  try {
    return await upgrade(cluster, { url, what, options: first.options });
  } catch (error) {
    const isRefused = isScanError(error) && error.code === 'CLUSTER_UNAUTHORIZED';
    if (!isRefused || (await first.renew?.(signal)) !== true) throw error;
    return await upgrade(cluster, { url, what, options: (await unlessAborted(credentials(signal), signal)).options });
  }
}

interface Upgrade {
  url: URL;
  what: string;
  options: RequestOptions;
}

function upgrade(cluster: Cluster, { url, what, options }: Upgrade): Promise<ExecStream> {
  const { requestTimeoutMs = 30_000, signal } = cluster.settings;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, {
      ...options,
      handshakeTimeout: requestTimeoutMs,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
    });
    const cancel = () => socket.terminate();
    signal?.addEventListener('abort', cancel, { once: true });
    const fail = (error: Error) => {
      signal?.removeEventListener('abort', cancel);
      reject(error);
    };
    socket.once('open', () => {
      signal?.removeEventListener('abort', cancel);
      socket.off('error', lost);
      resolve(new ExecStream(socket));
    });
    const lost = (error: Error) =>
      fail(
        new Transient(
          new ScanError('CLUSTER_UNREACHABLE', `${what} at ${cluster.server.origin}: ${toMessage(error)}`, {
            cause: error,
          }),
        ),
      );
    socket.on('error', lost);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      socket.off('error', lost);
      socket.on('error', () => undefined); // terminate() below emits one, after the answer was read
      void readRefusal(response, what)
        .then(fail)
        .finally(() => socket.terminate());
    });
  });
}

async function readRefusal(response: IncomingMessage, what: string): Promise<Error> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) if (Buffer.isBuffer(chunk) && chunks.length < 64) chunks.push(chunk);
  } catch {
    // What came so far has to do: the status code alone decides the error.
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const status = response.statusCode ?? 0;
  const error = refusalOf(status, text, what);
  if (![429, 502, 503, 504].includes(status)) return error;
  return new Transient(error, retryAfterMs(response.headers['retry-after']));
}

function refusalOf(status: number, text: string, what: string): ScanError {
  const message = parseStatus(text)?.message ?? text.trim().slice(0, 300);
  // The kubelet says this in plain text for a container that waits, has ended, or was never there.
  if (status === 500 && message.includes('container not found'))
    return new ScanError('TARGET_NOT_RUNNING', `${what}: the container is not running`);
  if (status === 400 && /container|does not have a host/.test(message))
    return new ScanError('TARGET_NOT_RUNNING', `${what}: ${message}`);
  return toRefusal({ status, headers: {}, text }, what);
}

// Wordings of runc, crun and containerd for "there is no such executable"; a file without permission is another matter.
const missingExecutable = /executable file not found|no such file or directory|executable file .* not found/i;

function toEnd(text: string): ExecEnd {
  const parsed = execStatus.safeParse(parseJson(text));
  if (!parsed.success) return { kind: 'lost', message: 'the closing status of the stream is not readable' };
  const { status, reason, message = '', details } = parsed.data;
  if (status === 'Success') return { kind: 'exited', code: 0 };
  if (reason === 'NonZeroExitCode') {
    const code = Number(details?.causes?.find(cause => cause.reason === 'ExitCode')?.message);
    return Number.isInteger(code) ? { kind: 'exited', code } : { kind: 'lost', message };
  }
  return { kind: 'not-started', missing: missingExecutable.test(message), message };
}
