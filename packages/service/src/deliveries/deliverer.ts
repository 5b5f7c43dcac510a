// SPDX-License-Identifier: Apache-2.0
// Tells what the outbox has, at least once: a try that nobody recorded is made again under the same id.
import { createHmac } from 'node:crypto';
import { isScanError, isSuccess, problemOf, type Secret } from '@cinc-scan/core';
import * as z from 'zod';
import { repeat } from '../domain/repeat.ts';
import type { Sealer } from '../domain/seal.ts';
import { type GuardSettings, guardedCall } from '../identity/guarded-call.ts';
import { type Due, readAddress, readSigningSecret, recordTry, type Tried, takeDue } from '../store/deliveries.ts';
import type { Store } from '../store/store.ts';

export interface DelivererSettings extends Pick<GuardSettings, 'addresses' | 'environment'> {
  store: Store;
  sealer: Sealer;
  onError: (error: unknown) => void;
  /** Between tries; after the last one it is dead. */
  retryMs?: readonly number[];
  idleMs?: number;
}

const [second, minute, hour] = [1000, 60_000, 3_600_000];
const usualRetries = [5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour];
const [answerMs, heldSeconds, atOnce, mostAnswerBytes] = [10_000, 20, 10, 65_536];

export class Deliverer implements AsyncDisposable {
  private readonly settings: DelivererSettings;
  private readonly loop: AsyncDisposable;

  constructor(settings: DelivererSettings) {
    this.settings = settings;
    const { idleMs = 500, onError } = settings;
    this.loop = repeat({ step: () => this.deliverDue(), idleMs, onError });
  }

  private async deliverDue(): Promise<boolean> {
    const { store } = this.settings;
    const due = await store.asPlatform(transaction => takeDue(transaction, { most: atOnce, heldSeconds }));
    await Promise.all(due.map(each => this.deliver(each)));
    return due.length > 0;
  }

  private async deliver(due: Due): Promise<void> {
    const tried = await this.attempt(due);
    await this.settings.store.asPlatform(transaction => recordTry(transaction, tried));
  }

  private async attempt(due: Due): Promise<Tried> {
    const { id, attempts } = due;
    const at = new Date();
    const of = (status: number | null, problem: string | null) => ({ at: at.toISOString(), status, problem });
    try {
      const answer = await this.send(due, at);
      const status = answer.kind === 'answered' ? answer.status : null;
      if (isSuccess(answer)) return { id, attempts, answer: of(status, null), state: 'delivered', nextAt: at };
      return { id, attempts, answer: of(status, problemOf(answer)), ...this.after(attempts, status === 410) };
    } catch (error) {
      if (!isScanError(error)) throw error;
      return { id, attempts, answer: of(null, error.message), ...this.after(attempts, false) };
    }
  }

  /** 410: the receiver wants nothing more (https://www.standardwebhooks.com). */
  private after(attempts: number, isGone: boolean): Pick<Tried, 'state' | 'nextAt'> {
    const { retryMs = usualRetries } = this.settings;
    const wait = isGone ? undefined : retryMs[attempts - 1];
    if (wait === undefined) return { state: 'dead', nextAt: new Date() };
    return { state: 'waiting', nextAt: new Date(Date.now() + wait) };
  }

  private async send(due: Due, at: Date) {
    const { store, sealer, addresses, environment } = this.settings;
    const opened: unknown = JSON.parse(readAddress(sealer, due.destination, due.sealed).reveal());
    const { url, authentication } = address.parse(opened);
    const secret = await store.asPlatform(transaction => readSigningSecret(transaction, due.team, sealer));
    const body = Buffer.from(JSON.stringify(due.body));
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'cinc-scan',
      ...messageHeaders({ id: due.id, at, body }, secret),
      ...(authentication !== undefined && { authorization: authentication }),
    };
    const ways = { addresses, environment, timeoutMs: answerMs, mostBytes: mostAnswerBytes };
    return guardedCall({ method: 'POST', url: new URL(url), headers, body }, ways);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loop[Symbol.asyncDispose]();
  }
}

const address = z.strictObject({ url: z.string(), authentication: z.string().optional() });

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function messageHeaders({ id, at, body }: { id: string; at: Date; body: Buffer }, secret: Secret | undefined) {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const named = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === undefined) return named;
  const key = Buffer.from(secret.reveal().replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return { ...named, 'webhook-signature': `v1,${signature}` };
}
