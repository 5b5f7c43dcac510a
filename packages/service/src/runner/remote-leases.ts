// SPDX-License-Identifier: Apache-2.0

import { setTimeout as pause } from 'node:timers/promises';
import {
  type Call,
  call,
  type Environment,
  type ErrorCode,
  isScanError,
  isSuccess,
  mayPass,
  problemOf,
  retryDefaults,
  ScanError,
  Secret,
  waitMs,
} from '@cinc-scan/core';
import type { z } from 'zod';
import type { Kept } from '../blobs/blobs.ts';
import type { QuestionAnswer } from '../domain/question.ts';
import type { RunEvent } from '../queue/attempts.ts';
import type { Ending, Lease, Word } from '../queue/leases.ts';
import type { TakenQuestion } from '../queue/questions.ts';
import type { LeaseSource } from './lease-source.ts';
import {
  counted,
  mostEvents,
  type Offer,
  takeAnswer,
  takeQuestionAnswer,
  tradeAnswer,
  uploaded,
  wirePrefix,
  word,
} from './wire.ts';

export interface RemoteSettings {
  /** Of the service. */
  server: URL;
  key: Secret;
  /** What the runner calls itself. */
  runner: string;
  /** Names proxies. */
  environment: Environment;
  /** Authorities of the service, instead of the default ones. */
  ca?: Buffer | undefined;
}

const refusals: Record<number, ErrorCode> = { 401: 'SERVICE_KEY_INVALID', 403: 'SERVICE_FORBIDDEN' };

const requestMs = 30_000;
const reportMs = 300_000;
/** How long a runner tries to tell how a scan ended: longer than a service takes to restart. */
const tellingMs = 600_000;
const tradingMs = 60_000;
const mostOfferBytes = 64 * 1_048_576;

interface Asked {
  method: Call['method'];
  path: string;
  body?: Buffer;
  type?: string;
  timeoutMs?: number;
  /** Until when it is tried again where nothing was said about the request itself. */
  until?: number;
}

/** Scans of a service elsewhere: over HTTPS, asked for and answered by this side alone. */
export class RemoteLeases implements LeaseSource {
  private readonly settings: RemoteSettings;

  constructor(settings: RemoteSettings) {
    this.settings = settings;
  }

  async take(): Promise<Lease | undefined> {
    const { offer } = await this.ask(takeAnswer, {
      method: 'POST',
      path: 'leases',
      ...json({ runner: this.settings.runner }),
    });
    if (offer === null) return undefined;
    return toLease(offer);
  }

  /** For a pod, whose key is a ticket: the lease of its attempt, and where to speak of it. Throws SERVICE_KEY_INVALID. */
  async trade(): Promise<{ lease: Lease; leases: RemoteLeases }> {
    const until = Date.now() + tradingMs; // where it was traded and nobody heard, it is refused then
    const asked = { method: 'POST', path: 'tickets', ...json({ runner: this.settings.runner }), until } as const;
    const { offer, key } = await this.ask(tradeAnswer, asked).catch((error: unknown) => {
      if (!isScanError(error) || error.code !== 'SERVICE_KEY_INVALID') throw error;
      throw new ScanError(error.code, 'The ticket opens nothing: it was used, has expired, or its attempt is over', {
        remedy: 'Nothing has to be done: the service gives the scan to another pod, or has ended it.',
      });
    });
    return { lease: toLease(offer), leases: new RemoteLeases({ ...this.settings, key: new Secret(key) }) };
  }

  async touch(lease: Lease): Promise<Word> {
    const asked = { method: 'POST', path: `${pathOf(lease)}/heartbeat`, timeoutMs: 10_000 } as const;
    return (await ifHeld(this.ask(word, asked)))?.word ?? 'lost';
  }

  async tell(lease: Lease, events: RunEvent[]): Promise<void> {
    const path = `${pathOf(lease)}/events`;
    for (let at = 0; at < events.length; at += mostEvents)
      await this.send({ method: 'POST', path, ...json({ events: events.slice(at, at + mostEvents) }) });
  }

  async end(lease: Lease, ending: Ending): Promise<boolean> {
    const until = Date.now() + tellingMs;
    const asked = { method: 'POST', path: `${pathOf(lease)}/end`, ...json(ending), until } as const;
    return (await ifHeld(this.ask(counted, asked)))?.counts ?? false;
  }

  /** Throws SERVICE_NOT_FOUND where another attempt counts by now. */
  async keep(lease: Lease, content: AsyncIterable<Uint8Array>): Promise<Kept> {
    const body = await readAll(content);
    const type = 'application/octet-stream';
    const until = Date.now() + tellingMs;
    const sent = { method: 'PUT', path: `${pathOf(lease)}/reports`, body, type, timeoutMs: reportMs, until } as const;
    const { kept } = await this.ask(uploaded, sent);
    if (kept !== null) return kept;
    throw new ScanError('SERVICE_NOT_FOUND', `${this.what(sent)}: another runner has the scan by now`);
  }

  async release(lease: Lease): Promise<void> {
    await this.send({ method: 'POST', path: `${pathOf(lease)}/release` });
  }

  async takeQuestion(): Promise<TakenQuestion | undefined> {
    const { runner } = this.settings;
    const asked = { method: 'POST', path: 'questions', ...json({ runner }) } as const;
    const question = (await ifHeld(this.ask(takeQuestionAnswer, asked)))?.question; // a service of before has none
    if (!question) return undefined;
    const { credential, context } = question.cluster;
    return { ...question, cluster: { credential: credential ?? undefined, context: context ?? undefined } };
  }

  async answer({ id }: TakenQuestion, answer: QuestionAnswer): Promise<void> {
    const { runner } = this.settings;
    const asked = { method: 'POST', path: `questions/${id}/answer`, ...json({ runner, answer }) } as const;
    await ifHeld(this.ask(counted, asked));
  }

  private async ask<T>(shape: z.ZodType<T>, asked: Asked): Promise<T> {
    const body = await this.send(asked);
    try {
      return shape.parse(JSON.parse(body));
    } catch (cause) {
      throw new ScanError(
        'SERVICE_UNAVAILABLE',
        `${this.what(asked)} was answered by something else than a scan service`,
        { cause },
      );
    }
  }

  /** Throws SERVICE_KEY_INVALID, SERVICE_UNAVAILABLE. */
  private async send(asked: Asked): Promise<string> {
    const { key, server, environment, ca } = this.settings;
    const { method, path, body, type, timeoutMs = requestMs, until = 0 } = asked;
    const wanted: Call = {
      method,
      url: new URL(`${wirePrefix}/${path}`, server),
      headers: { authorization: `Bearer ${key.reveal()}`, ...(type !== undefined && { 'content-type': type }) },
      ...(body && { body }),
    };
    for (let attempt = 1; ; attempt += 1) {
      const answer = await call(wanted, { timeoutMs, environment, mostBytes: mostOfferBytes, ca });
      if (answer.kind === 'answered' && isSuccess(answer)) return answer.body;
      if (!mayPass(answer) || Date.now() > until) throw this.toError(asked, answer);
      await pause(Math.min(waitMs(answer, attempt, retryDefaults), 30_000));
    }
  }

  private toError(asked: Asked, answer: Parameters<typeof problemOf>[0]): ScanError {
    if (answer.kind === 'answered' && answer.status === 404)
      return new ScanError('SERVICE_NOT_FOUND', `${this.what(asked)}: there is no such lease for this runner`);
    const code = answer.kind === 'answered' ? refusals[answer.status] : undefined;
    return new ScanError(
      code ?? 'SERVICE_UNAVAILABLE',
      `${this.what(asked)}: ${problemOf(answer)}`,
      code ? { remedy: 'Give the runner a valid key of the role runner; an operator makes one.' } : {},
    );
  }

  private what({ method, path }: Asked): string {
    return `${method} ${wirePrefix}/${path.replace(/\?.*/, '')} of ${this.settings.server.origin}`;
  }
}

const pathOf = ({ scan, attempt }: Lease) => `leases/${scan}/${attempt}`;

/** undefined where another runner has the scan by now. */
async function ifHeld<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isScanError(error) && error.code === 'SERVICE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function readAll(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

const json = (value: unknown) => ({ body: Buffer.from(JSON.stringify(value)), type: 'application/json' });

function toLease({ cluster, clean, ...offered }: Offer): Lease {
  const { id, credential, context } = cluster;
  return {
    ...offered,
    clean: clean ?? undefined,
    hold: { id: offered.scan, cluster: id, retryCount: offered.attempt - 1 },
    cluster: { credential: credential ?? undefined, context: context ?? undefined },
  };
}
