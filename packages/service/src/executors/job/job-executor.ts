// SPDX-License-Identifier: Apache-2.0
// Runs each scan in a pod of its own: the worker makes a Job, whose pod trades a ticket for the lease, and watches until the
// attempt is over.
import { setTimeout as pause } from 'node:timers/promises';
import { isScanError, ScanError } from '@cinc-scan/core';
import type { QuestionAnswer } from '../../domain/question.ts';
import { repeat } from '../../domain/repeat.ts';
import { type Ending, type Lease, toFailure } from '../../queue/leases.ts';
import type { TakenQuestion } from '../../queue/questions.ts';
import type { Standing, Tickets } from '../../queue/tickets.ts';
import type { Executor, Watch } from '../executor.ts';
import { mayPass } from '../may-pass.ts';
import type { JobApi, Seen } from './job-api.ts';
import { type JobSettings, nameOf } from './manifest.ts';
import { sweepJobs } from './sweep.ts';
import { troubleOf } from './trouble.ts';

export interface JobParts {
  api: JobApi;
  tickets: Tickets;
  settings: JobSettings;
  /** How long a pod may take until it has the scan: scheduling, pulling the image, starting. */
  patienceSeconds: number;
  /** Answers questions about clusters, for which no profile runs. */
  asker: Pick<Executor, 'answer'> & AsyncDisposable;
  onError: (error: unknown) => void;
}

const lookMs = 1000;
const sweepMs = 60_000;
/** Beyond the run itself: for scheduling, the image, and taking back. */
const slackSeconds = 600;

export class JobExecutor implements Executor {
  private readonly parts: JobParts;
  private readonly sweeping: AsyncDisposable;

  constructor(parts: JobParts) {
    this.parts = parts;
    const step = async () => {
      await sweepJobs(parts);
      return false;
    };
    this.sweeping = repeat({ step, idleMs: sweepMs, onError: parts.onError });
  }

  async run(lease: Lease, watch: Watch): Promise<Ending | 'elsewhere'> {
    const name = nameOf(lease);
    try {
      const { ending, isDone } = await this.attempt(lease, watch);
      if (isDone) await this.remove(name);
      return ending;
    } catch (error) {
      await this.remove(name);
      return refusedBy(error);
    }
  }

  private async attempt(lease: Lease, watch: Watch): Promise<{ ending: Ending | 'elsewhere'; isDone: boolean }> {
    const { api, tickets, settings, patienceSeconds } = this.parts;
    if (lease.cluster.credential !== undefined && settings.credentials === undefined)
      throw new ScanError('JOB_UNSTARTED', `No Secret is named that has the kubeconfig ${lease.cluster.credential}`, {
        remedy: 'Name it with --job-credentials-secret.',
      });
    const issued = await tickets.issue(lease, { goodSeconds: patienceSeconds + slackSeconds });
    const seconds = issued.runSeconds + patienceSeconds + slackSeconds;
    const began = Date.now();
    await api.create(lease, settings, { ticket: issued.text, seconds });
    return this.follow(lease, watch, began);
  }

  /** Until the attempt is over, by the word of its pod, or because that cannot say any more. */
  private async follow(lease: Lease, watch: Watch, began: number) {
    const { tickets } = this.parts;
    for (;;) {
      const standing = await tickets.standing(lease);
      if (standing.kind === 'over') return { ending: 'elsewhere' as const, isDone: true };
      if (standing.kind === 'taken') {
        watch.handOver();
        if (watch.stopping.aborted) return { ending: 'elsewhere' as const, isDone: false }; // the pod goes on without us
      } else if (watch.signal.aborted && (await tickets.withdraw(lease)))
        return { ending: { kind: 'cancelled' } as const, isDone: true };
      const trouble = await this.troubleOf(lease, standing, began);
      if (trouble !== undefined && (await this.isOurs(lease, standing)))
        return { ending: refusedBy(trouble), isDone: true };
      await pause(lookMs, undefined, { signal: watch.stopping }).catch(() => undefined);
    }
  }

  private async troubleOf(lease: Lease, standing: Standing, began: number): Promise<ScanError | undefined> {
    const name = nameOf(lease);
    const { patienceSeconds } = this.parts;
    const waited = { name, seconds: (Date.now() - began) / 1000, patienceSeconds };
    let seen: Seen;
    try {
      seen = await this.parts.api.look(name);
    } catch (error) {
      this.parts.onError(error);
      // Nobody can say how the pod is; while it lives it says so to the service.
      const isLate = standing.kind === 'waiting' && waited.seconds > patienceSeconds;
      return isLate && isScanError(error) ? error : undefined;
    }
    return troubleOf(seen, standing, waited);
  }

  /** Whether nobody but the worker can tell the end of the attempt: a pod may have taken it, or told it, meanwhile. */
  private async isOurs(lease: Lease, before: Standing): Promise<boolean> {
    const { tickets } = this.parts;
    if (before.kind === 'waiting') return tickets.withdraw(lease);
    return (await tickets.standing(lease)).kind === 'taken';
  }

  private async remove(name: string): Promise<void> {
    await this.parts.api.remove(name).catch(this.parts.onError); // the next sweep tries again
  }

  answer(question: TakenQuestion, signal: AbortSignal): Promise<QuestionAnswer> {
    return this.parts.asker.answer(question, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sweeping[Symbol.asyncDispose]();
    await this.parts.asker[Symbol.asyncDispose]();
  }
}

function refusedBy(error: unknown): Ending & { kind: 'refused' } {
  const failure = toFailure(error);
  return { kind: 'refused', failure, mayPass: mayPass(failure.code) };
}
