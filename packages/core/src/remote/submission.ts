// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { toMessage } from '../errors/index.ts';
import { plural } from '../report/index.ts';
import { cancelledScan, type ServerScan, submittedScan } from './answers.ts';
import type { Tell } from './follow.ts';
import type { ServerRequest } from './server-request.ts';
import type { ServiceCalls } from './service-calls.ts';

/** What whoever finds this run dead needs to take back what it asked for: no secret is in it. */
export interface PendingScan {
  /** Address of the service. */
  server: string;
  /** Under which it was asked for. */
  key: string;
  /** Its id; undefined before the service has answered. */
  scan: string | undefined;
}

/** Hears of what was asked for before the service does, and that nothing is left to take back. */
export type RememberScan = (pending: PendingScan | undefined) => void;

/** A scan that is asked for once, however often it takes to say so. */
export class Submission {
  private readonly calls: ServiceCalls;
  private readonly request: ServerRequest;
  private readonly remember: RememberScan;
  /** A repeated request with the same key is the same scan, and whoever asked for it under that key lets go of it by that. */
  private readonly key: string;
  private wasSent: boolean;
  private scan: { id: string; isJoined: boolean } | undefined;

  constructor(calls: ServiceCalls, request: ServerRequest, remember: RememberScan) {
    [this.calls, this.request, this.remember] = [calls, request, remember];
    this.key = `${request.runId ?? 'cinc-scan'}-${randomUUID()}`;
    this.wasSent = false;
  }

  /** Whether somebody else had asked the same question before, and waits for its answer too. */
  get isJoined(): boolean {
    return this.scan?.isJoined === true;
  }

  /** Gives the id of the scan. */
  async submit(calls = this.calls): Promise<string> {
    this.wasSent = true;
    this.remember(this.pending);
    const question = {
      method: 'POST' as const,
      path: '/scans',
      headers: { 'idempotency-key': this.key },
      body: this.request.ask,
    };
    const { id, joined } = await calls.json(question, submittedScan);
    this.scan = { id, isJoined: joined };
    this.remember(this.pending);
    return id;
  }

  private get pending(): PendingScan {
    return { server: this.calls.name, key: this.key, scan: this.scan?.id };
  }

  /** Refuses the answer to another question. */
  requireSame({ id, ask }: ServerScan): void {
    const { ask: asked } = this.request;
    const other = Object.entries(asked).find(([name, value]) => !isDeepStrictEqual(ask[name], value));
    if (other !== undefined)
      throw this.calls.notOurs(`scan ${id} is the answer to another question: its ${other[0]} differs`);
  }

  /** Takes back what was asked for, in the little time that is left; says what became of it. */
  async cancel(tell: Tell): Promise<void> {
    if (!this.wasSent) return;
    const notice = (text: string) => tell({ event: 'notice', text });
    const { cancelMs } = this.calls.around.patience;
    const calls = this.calls.until(AbortSignal.timeout(cancelMs));
    try {
      const id = this.scan?.id ?? (await this.submit(calls)); // it may have arrived, and the answer not
      notice(await letGo(calls, id, this.key));
      this.remember(undefined);
    } catch (error) {
      const which = this.scan === undefined ? 'the scan' : `scan ${this.scan.id}`;
      notice(`${calls.name} could not be told to cancel ${which}, which may go on: ${toMessage(error)}`);
    }
  }
}

/** Whether others wait for the scan too the service alone knows: it ends with the last who lets go. */
export async function letGo(calls: ServiceCalls, id: string, key: string): Promise<string> {
  const question = { method: 'POST' as const, path: `/scans/${id}/cancel`, headers: { 'idempotency-key': key } };
  const { others } = await calls.json(question, cancelledScan);
  if (others === 0) return `Scan ${id} is cancelled at ${calls.name}`;
  return `Scan ${id} goes on at ${calls.name}: ${plural(others, 'other')} ${others === 1 ? 'waits' : 'wait'} for it`;
}
