// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { CannotStart, type Ended, type ExecProcess, type Runtime } from '../../runtime/runtime.ts';
import type { Context } from '../api/api.ts';
import { isTrue, type ResourceRequest } from '../api/request-info.ts';
import { type Pod, parsePod } from '../objects/objects.ts';
import { badRequest, notImplemented } from '../objects/status.ts';
import {
  channels,
  decodeFrame,
  encodeFrame,
  finalMessage,
  frameBytes,
  type Outcome,
  type Protocol,
} from './exec-protocol.ts';

export interface ExecRequest {
  containerId: string;
  command: string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** A refusal in plain text: what the node, not the API server, answers. */
class NodeRefusal extends Error {
  override name = 'NodeRefusal';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function resolveExec(context: Context, info: ResourceRequest, query: URLSearchParams): ExecRequest {
  const pod = parsePod(context.store.get('Pod', info.namespace, info.name));
  const container = containerOf(pod, query.get('container') ?? '');
  if (pod.spec.nodeName === undefined) throw badRequest(`pod ${info.name} does not have a host assigned`);
  if (isTrue(query.get('tty'))) throw notImplemented('exec with a terminal');
  const [stdin, stdout, stderr] = [query.get('stdin'), query.get('stdout'), query.get('stderr')].map(isTrue);
  if (stdin !== true && stdout !== true && stderr !== true) {
    throw new NodeRefusal(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  const containerId = context.node.running(pod, container);
  if (containerId === undefined) throw new NodeRefusal(500, `container not found (${JSON.stringify(container)})`);
  return {
    containerId,
    command: query.getAll('command'),
    stdin: stdin === true,
    stdout: stdout === true,
    stderr: stderr === true,
  };
}

function containerOf(pod: Pod, asked: string): string {
  const { name } = pod.metadata;
  const normal = pod.spec.containers.map(container => container.name);
  const every = [...normal, ...(pod.spec.ephemeralContainers ?? []).map(container => container.name)];
  if (asked !== '') {
    if (every.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only = '', ...others] = normal;
  if (others.length === 0) return only;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${normal.join(' ')}]`);
}

export interface Stream {
  socket: WebSocket;
  protocol: Protocol;
  context: Context;
  runtime: Runtime;
  request: ExecRequest;
}

/** Serves one exec stream from its first frame to its last. */
export async function serveExec(stream: Stream): Promise<void> {
  const { socket, protocol, request } = stream;
  const inbox = collect(socket);
  if (request.stdout) send(stream, channels.stdout, Buffer.alloc(0));
  else if (request.stderr) send(stream, channels.stderr, Buffer.alloc(0));
  const outcome = await run(stream, inbox);
  const message = finalMessage(protocol, stream.context.store.version, outcome);
  if (message !== undefined) send(stream, channels.error, Buffer.from(message));
  socket.close(1000);
}

type Inbox = { onMessage(handle: (message: Buffer) => void): void };

/** Keeps messages that come before the process is there to read them. */
function collect(socket: WebSocket): Inbox {
  const early: Buffer[] = [];
  let handle = (message: Buffer): void => void early.push(message);
  socket.on('message', (data: RawData) => handle(toBuffer(data)));
  socket.on('error', () => socket.terminate());
  return {
    onMessage: next => {
      handle = next;
      for (const message of early.splice(0)) next(message);
    },
  };
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

async function run(stream: Stream, inbox: Inbox): Promise<Outcome> {
  const { request, runtime, context } = stream;
  try {
    if (request.command.length === 0)
      throw new CannotStart('OCI runtime exec failed: exec failed: args must not be empty');
    const child = await runtime.exec(request.containerId, request.command, { stdin: request.stdin });
    const ended = await pipe(stream, child, inbox);
    return { kind: 'exited', code: ended.exitCode, command: request.command };
  } catch (error) {
    if (!(error instanceof CannotStart))
      return { kind: 'failed', message: `error executing command in container: ${String(error)}` };
    return { kind: 'failed', message: runtimeFailure(error.message, context.store.version) };
  }
}

function runtimeFailure(words: string, version: string): string {
  const id = randomBytes(32).toString('hex');
  const own = words.startsWith('OCI runtime exec failed') ? words : `OCI runtime exec failed: ${words}`;
  const tail = version !== '1.36' ? ': unknown' : '';
  return `error executing command in container: failed to exec in container: failed to start exec "${id}": ${own}${tail}`;
}

async function pipe(stream: Stream, child: ExecProcess, inbox: Inbox): Promise<Ended> {
  const { socket, request } = stream;
  feed(stream, child, inbox);
  // A client that went away ends the input and nothing else: the process goes on, as on a real node.
  if (request.stdin) socket.once('close', () => child.stdin.end());
  if (request.stdin && socket.readyState !== socket.OPEN) child.stdin.end();
  const outputs = [
    forward(stream, request.stdout ? channels.stdout : undefined, child.stdout),
    forward(stream, request.stderr ? channels.stderr : undefined, child.stderr),
  ];
  const ended = await child.ended;
  await Promise.all(outputs);
  return ended;
}

function feed({ protocol, request }: Stream, child: ExecProcess, inbox: Inbox): void {
  child.stdin.on('error', () => child.stdin.destroy());
  inbox.onMessage(message => {
    const frame = decodeFrame(protocol, message);
    if (frame === undefined || !request.stdin) return;
    if (frame.channel === channels.stdin && frame.data.length > 0 && child.stdin.writable)
      child.stdin.write(frame.data);
    if (protocol.halfClose && frame.channel === channels.close && frame.data[0] === channels.stdin) child.stdin.end();
  });
}

async function forward(stream: Stream, channel: number | undefined, output: Readable): Promise<void> {
  for await (const chunk of output) {
    if (channel === undefined) continue;
    const data: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    for (let at = 0; at < data.length; at += frameBytes) {
      await sent(stream, encodeFrame(stream.protocol, channel, data.subarray(at, at + frameBytes)));
    }
  }
}

function send(stream: Stream, channel: number, data: Buffer): void {
  stream.socket.send(encodeFrame(stream.protocol, channel, data), () => undefined);
}

/** Waits until the frame is handed over, so that a slow client slows the process and not the memory down. */
function sent({ socket }: Stream, frame: Buffer | string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  return new Promise(resolve => {
    socket.send(frame, () => resolve());
  });
}
