// SPDX-License-Identifier: Apache-2.0
// One question to the scan service at a time, and what its answer means. What may pass is asked again: for as long as the
// run may last once the service was heard, for a minute before that and where it fails itself.
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { ScanError, toMessage } from '../errors/index.ts';
import { type Call, type CallAnswer, call, isSuccess, mayPass, problemOf, waitMs } from '../http/index.ts';
import { shortLine } from '../report/index.ts';
import { type Environment, parseJsonText, type Secret } from '../request/index.ts';
import { type ExchangedKey, exchangedKey, problem, toKnownError } from './answers.ts';
import type { ScanServer } from './server-request.ts';
import type { ExchangeCalls, ServiceKeys } from './sign-in.ts';

/** Milliseconds. */
export interface Patience {
  /** For one answer; a report may take longer. */
  answerMs: number;
  reportMs: number;
  /** For a service that was not heard yet, or says that it failed. */
  doubtMs: number;
  firstPauseMs: number;
  longestPauseMs: number;
  /** A stream of events that says nothing for so long is dead: the service says that it lives every 15 seconds. */
  silenceMs: number;
  /** For the service to end a run whose deadline has passed, and to write its reports. */
  graceMs: number;
  /** For cancelling: what stops a job of a CI system kills it seconds later. */
  cancelMs: number;
}

export const usualPatience: Patience = {
  answerMs: 30_000,
  reportMs: 300_000,
  doubtMs: 60_000,
  firstPauseMs: 500,
  longestPauseMs: 10_000,
  silenceMs: 45_000,
  graceMs: 30_000,
  cancelMs: 5000,
};

export interface CallsSurroundings {
  server: ScanServer;
  keys: ServiceKeys;
  environment: Environment;
  /** Of this program, told to the service. */
  version: string;
  patience: Patience;
  /** Aborted with a ScanError. */
  signal: AbortSignal;
  notice: (text: string) => void;
}

type Question = Pick<Call, 'method'> & {
  /** Behind `/api/v1`. */
  path: string;
  headers?: Record<string, string>;
  /** What is sent as JSON. */
  body?: object;
  /** What makes it for each try. */
  makeBody?: () => Promise<object>;
  /** Without a key: it is a key that is asked for. */
  isAnonymous?: boolean;
  mostBytes?: number;
  timeoutMs?: number;
};

type Answered = CallAnswer & { kind: 'answered' };

export class ServiceCalls implements ExchangeCalls {
  readonly around: CallsSurroundings;
  /** A service was heard there, so that it is one, and the address is right. */
  private isKnown = false;

  constructor(around: CallsSurroundings) {
    this.around = around;
  }

  /** The same until something else ends it. */
  until(signal: AbortSignal): ServiceCalls {
    return new ServiceCalls({ ...this.around, signal });
  }

  get name(): string {
    return this.around.server.address;
  }

  get signal(): AbortSignal {
    return this.around.signal;
  }

  /** A key for an ID token. */
  exchange(makeBody: () => Promise<object>): Promise<ExchangedKey> {
    return this.json({ method: 'POST', path: '/token', makeBody, isAnonymous: true }, exchangedKey);
  }

  /** Of an answer as JSON. Throws SERVICE_UNREACHABLE, SERVICE_ANSWER, or what the service says. */
  async json<T extends z.ZodType>(question: Question, schema: T): Promise<z.infer<T>> {
    return this.read(await this.insist(question), schema);
  }

  /** What was answered, whatever it is, to a question that was asked until it was. */
  async insist(question: Question): Promise<Answered> {
    const { signal, patience, notice } = this.around;
    const started = Date.now();
    for (let attempt = 1; ; attempt++) {
      const answer = await this.once(question);
      if (isSuccess(answer)) return answer;
      signal.throwIfAborted();
      if (!mayPass(answer)) throw this.failureOf(answer);
      if (Date.now() - started > this.patienceFor(answer)) throw this.failureOf(answer);
      if (attempt === 1) notice(`${this.name} cannot answer now (${shortProblem(answer)}): trying again`);
      const { firstPauseMs, longestPauseMs } = patience;
      const asked = waitMs(answer, 1, { firstPauseMs });
      await this.pause(Math.max(asked, Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1))));
    }
  }

  /** Asked once; anew with another key, where the service takes the one that it had given no more. */
  async once(question: Question): Promise<CallAnswer> {
    if (question.isAnonymous === true) return this.send(question, undefined);
    const key = await this.around.keys.current(this);
    const answer = await this.send(question, key);
    if (!isUnauthorized(answer) || !this.around.keys.isReplaced(key)) return answer;
    return this.send(question, await this.around.keys.current(this));
  }

  private async send(
    { path, headers, body, makeBody, mostBytes, timeoutMs, method }: Question,
    key: Secret | undefined,
  ): Promise<CallAnswer> {
    const { server, environment, patience, signal } = this.around;
    const url = this.urlOf(path);
    const content = (await makeBody?.()) ?? body;
    const sent = content === undefined ? undefined : Buffer.from(JSON.stringify(content));
    const all = { ...this.headers(key), ...headers, ...(sent && { 'content-type': 'application/json' }) };
    const answer = await call(
      { method, url, headers: all, ...(sent && { body: sent }) },
      {
        environment,
        signal,
        ca: server.ca,
        timeoutMs: timeoutMs ?? patience.answerMs,
        ...(mostBytes !== undefined && { mostBytes }),
      },
    );
    if (isSuccess(answer) || saysProblem(answer)) this.isKnown = true;
    return answer;
  }

  urlOf(path: string): URL {
    return new URL(`${this.name}/api/v1${path}`);
  }

  headers(key: Secret | undefined): Record<string, string> {
    return {
      accept: 'application/json',
      'user-agent': `cinc-scan/${this.around.version}`,
      ...(key !== undefined && { authorization: `Bearer ${key.reveal()}` }),
    };
  }

  async pause(ms: number): Promise<void> {
    const { signal } = this.around;
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }

  read<T extends z.ZodType>(answer: Answered, schema: T): z.infer<T> {
    const type = typeOf(answer);
    if (!/^application\/json\b/.test(type))
      throw this.notOurs(`it answered with ${shortLine(type, 100)}, not with JSON`);
    try {
      return schema.parse(parseJsonText(answer.body));
    } catch (error) {
      throw this.notOurs(`its answer has another form: ${shortLine(toMessage(error), 500)}`, error);
    }
  }

  /** What answered is no scan service, or not one of today. */
  notOurs(why: string, cause?: unknown): ScanError {
    return new ScanError('SERVICE_ANSWER', `${this.name}: ${why}`, { cause });
  }

  /** Why it did not work: in the words of the service, where it was one. */
  failureOf(answer: CallAnswer): ScanError {
    if (answer.kind === 'failed')
      return answer.tooLong
        ? this.notOurs('its answer is longer than one of a scan service')
        : new ScanError('SERVICE_UNREACHABLE', `${this.name} does not answer: ${shortProblem(answer)}`);
    if (saysProblem(answer)) return this.toProblem(answer);
    if (answer.status >= 500)
      return new ScanError('SERVICE_UNREACHABLE', `${this.name} does not answer: ${problemOf(answer)}`);
    return this.notOurs(problemOf(answer));
  }

  private toProblem(answer: Answered): ScanError {
    const read = problem.safeParse(parseOrUndefined(answer.body));
    if (!read.success) return this.notOurs(`${problemOf(answer)}, and does not say why as a scan service does`);
    const { code, detail, remedy } = read.data;
    const message = `${this.name}: ${detail}`;
    return toKnownError({ code, message, remedy }) ?? this.notOurs(`${problemOf(answer)}: ${code}: ${detail}`);
  }

  private patienceFor(answer: CallAnswer): number {
    const isFault = answer.kind === 'answered' && answer.status === 500;
    return this.isKnown && !isFault ? Number.POSITIVE_INFINITY : this.around.patience.doubtMs;
  }
}

const shortProblem = (answer: CallAnswer): string => shortLine(problemOf(answer), 300);

const saysProblem = (answer: CallAnswer): boolean =>
  answer.kind === 'answered' && answer.status >= 400 && /^application\/problem\+json\b/.test(typeOf(answer));

const isUnauthorized = (answer: CallAnswer): boolean =>
  saysProblem(answer) && answer.kind === 'answered' && answer.status === 401;

/** Its media type, or that it has none. */
const typeOf = ({ headers: { 'content-type': type } }: Answered): string =>
  typeof type === 'string' ? type : 'nothing';

function parseOrUndefined(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return undefined;
  }
}
