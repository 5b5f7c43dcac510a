// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { toMessage } from '../errors/index.ts';
import { type ServerScan, submittedScan } from './answers.ts';
import type { Tell } from './follow.ts';
import type { ServerRequest } from './server-request.ts';
import type { ServiceCalls } from './service-calls.ts';

/** A scan that is asked for once, however often it takes to say so. */
export class Submission {
  private readonly calls: ServiceCalls;
  private readonly request: ServerRequest;
  /** A repeated request with the same key is the same scan. */
  private readonly key: string;
  private wasSent = false;
  private scan: { id: string; isOurs: boolean } | undefined;

  constructor(calls: ServiceCalls, request: ServerRequest) {
    [this.calls, this.request] = [calls, request];
    this.key = `${request.runId ?? 'cinc-scan'}-${randomUUID()}`;
  }

  /** Whether nobody else asked the same question before, and waits for its answer too. */
  get isOurs(): boolean {
    return this.scan?.isOurs === true;
  }

  /** Gives the id of the scan. */
  async submit(calls = this.calls): Promise<string> {
    this.wasSent = true;
    const question = {
      method: 'POST' as const,
      path: '/scans',
      headers: { 'idempotency-key': this.key },
      body: this.request.ask,
    };
    const { id, kind } = await calls.json(question, submittedScan);
    this.scan = { id, isOurs: kind !== 'waiting' };
    return id;
  }

  /** Refuses the answer to another question. */
  requireSame({ id, ask }: ServerScan): void {
    const { ask: asked } = this.request;
    const other = Object.entries(asked).find(([name, value]) => !isDeepStrictEqual(ask[name], value));
    if (other !== undefined)
      throw this.calls.notOurs(`scan ${id} is the answer to another question: its ${other[0]} differs`);
  }

  /** Ends the scan at the service, in the little time that is left; says what became of it. */
  async cancel(tell: Tell): Promise<void> {
    if (!this.wasSent) return;
    const notice = (text: string) => tell({ event: 'notice', text });
    const { cancelMs } = this.calls.around.patience;
    const calls = this.calls.until(AbortSignal.timeout(cancelMs));
    try {
      const id = this.scan?.id ?? (await this.submit(calls)); // it may have arrived, and the answer not
      if (!this.isOurs) return notice(`Scan ${id} goes on at ${calls.name}: somebody else asked for it before`);
      await calls.insist({ method: 'POST', path: `/scans/${id}/cancel` });
      notice(`Scan ${id} is cancelled at ${calls.name}`);
    } catch (error) {
      const which = this.scan === undefined ? 'the scan' : `scan ${this.scan.id}`;
      notice(`${calls.name} could not be told to cancel ${which}, which may go on: ${toMessage(error)}`);
    }
  }
}
