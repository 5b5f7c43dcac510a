// SPDX-License-Identifier: Apache-2.0
// Requests on a stream, and their answers.
import type { ExecEnd } from '../cluster/index.ts';
import { toBytes } from './byte-text.ts';
import { AnswerReader, type CommandAnswer, type Framed, FrameMismatch, makeNonce, requestLine } from './framing.ts';
import type { ShellStream } from './shell-entry.ts';

/** A command that did not end in time. The target is still there: the next command gets a new shell. */
export class CommandTimeout extends Error {
  override name = 'CommandTimeout';
}

export const givenUp = 'the answer is no longer awaited';

export class StreamEnded extends Error {
  readonly end: ExecEnd;

  constructor(end: ExecEnd) {
    super(endText(end));
    this.end = end;
  }
}

export function endText(end: ExecEnd): string {
  if (end.kind !== 'exited') return end.message;
  // What a container's stop, its restart and its memory limit have in common.
  const killed = end.code === 137 || end.code === 143 ? ', as when its container is stopped' : '';
  return `the shell exited with ${end.code}${killed}`;
}

export interface Asked {
  /** Its time runs from here. */
  answer(): Promise<CommandAnswer>;
}

export interface Request {
  body: string;
  timeoutMs: number;
  /** Bytes kept of each channel. */
  limit: number;
  /** Gives the request up. */
  signal: AbortSignal | undefined;
}

/** One request and its answer on a stream. */
export function ask(stream: ShellStream, request: Request): Promise<CommandAnswer> {
  const [asked] = askInTurn(stream, [request]);
  return asked.answer();
}

/** Requests that are sent at once and answered one after the other; each knows its answer by a mark of its own. */
export function askInTurn(stream: ShellStream, requests: [Request, ...Request[]]): [Asked, ...Asked[]] {
  const [first, ...more] = requests;
  const askings: [Asking, ...Asking[]] = [new Asking(first), ...more.map(each => new Asking(each))];
  stream.onStdout = bytes => askings.forEach(each => each.takeStdout(bytes));
  stream.onStderr = bytes => askings.forEach(each => each.takeStderr(bytes));
  listen(stream, askings);
  stream.write(toBytes(requestLine(...askings))).catch(() => undefined); // `ended` tells why
  return askings;
}

interface Listener {
  askings: Asking[];
  end: ExecEnd | undefined;
}

/** Who is told of the end of a stream: those who asked last. Each listener of a promise would stay, with its answer. */
const listeners = new WeakMap<ShellStream, Listener>();

function listen(stream: ShellStream, askings: Asking[]): void {
  const listener = listeners.get(stream) ?? { askings, end: undefined };
  listener.askings = askings;
  if (listener.end !== undefined) for (const each of askings) each.end(listener.end);
  if (listeners.has(stream)) return;
  listeners.set(stream, listener);
  void tellEnd(stream.ended, listener);
}

async function tellEnd(ended: Promise<ExecEnd>, listener: Listener): Promise<void> {
  const end = await ended;
  listener.end = end;
  for (const each of listener.askings) each.end(end);
}

class Asking implements Asked, Framed {
  readonly body: string;
  readonly nonce = makeNonce();
  private readonly request: Request;
  private readonly reader: AnswerReader;
  private readonly answered = Promise.withResolvers<CommandAnswer>();

  constructor(request: Request) {
    this.request = request;
    this.body = request.body;
    this.reader = new AnswerReader(this.nonce, request.limit);
    this.answered.promise.catch(() => undefined); // one that nobody waits for any more
  }

  end(how: ExecEnd): void {
    this.answered.reject(new StreamEnded(how));
  }

  takeStdout(bytes: Buffer): void {
    this.take(() => this.reader.takeStdout(bytes));
  }

  takeStderr(bytes: Buffer): void {
    this.take(() => this.reader.takeStderr(bytes));
  }

  async answer(): Promise<CommandAnswer> {
    const { timeoutMs, signal } = this.request;
    const giveUp = () => this.answered.reject(new CommandTimeout(givenUp));
    signal?.addEventListener('abort', giveUp);
    // A timer knows no more than 32 bits of milliseconds, and takes longer ones for none at all.
    const patience = Math.min(timeoutMs, 2 ** 31 - 1);
    const late = () => this.answered.reject(new CommandTimeout(`no answer within ${timeoutMs / 1000} s`));
    const timer = setTimeout(late, patience);
    try {
      return await this.answered.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  private take(feed: () => void): void {
    try {
      feed();
    } catch (error) {
      this.answered.reject(error instanceof Error ? error : new FrameMismatch(String(error)));
    }
    const answer = this.reader.answer();
    if (answer) this.answered.resolve(answer);
  }
}
