// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import { Bell } from '../domain/bell.ts';
import type { Executor } from '../executors/executor.ts';
import type { RunEvent } from '../queue/attempts.ts';
import type { Lease } from '../queue/leases.ts';
import type { LeaseSource } from './lease-source.ts';

export interface RunnerSettings {
  /** Scans at once; of one that takes none there is only `perform`. */
  slots: number;
  /** Whether it answers questions about clusters. */
  answers?: boolean;
  leases: LeaseSource;
  executor: Executor;
  /** How often it says that it lives, milliseconds. */
  heartbeatMs: number;
  /** How often it asks for work where it found none. */
  idleMs: number;
  onError: (error: unknown) => void;
}

const questionsAtOnce = 2;

type Work = () => Promise<void>;

interface Taking {
  bell: Bell;
  /** How many at once. */
  places: number;
  take: () => Promise<Work | undefined>;
}

/** Takes scans from the queue and runs them, until it is told to stop. */
export class Runner implements AsyncDisposable {
  private readonly settings: RunnerSettings;
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[];
  private readonly bells = { scans: new Bell(), questions: new Bell() };

  constructor(settings: RunnerSettings) {
    this.settings = settings;
    const { scans, questions } = this.bells;
    // Questions wait for no slot: somebody looks at a clock meanwhile.
    this.loops = [
      this.loop({ bell: scans, places: settings.slots, take: () => this.takeScan() }),
      this.loop({
        bell: questions,
        places: settings.answers === false ? 0 : questionsAtOnce,
        take: () => this.takeQuestion(),
      }),
    ];
  }

  /** There is work: a runner that waits asks at once. */
  wake(): void {
    this.bells.scans.ring();
    this.bells.questions.ring();
  }

  /** Asks for one after the other as long as there is room: two that ask at the same time stand in each other's way. */
  private async loop({ bell, places, take }: Taking): Promise<void> {
    const { signal } = this.stopping;
    const { idleMs } = this.settings;
    const underway = new Set<Promise<void>>();
    while (!signal.aborted) {
      bell.reset();
      const work = underway.size < places ? await this.tried(take) : undefined;
      if (work === undefined) {
        await bell.wait(idleMs, signal);
        continue;
      }
      const done = this.tried(work).finally(() => {
        underway.delete(done);
        bell.ring(); // there is room again
      });
      underway.add(done);
    }
    await Promise.all(underway);
  }

  private async tried<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      this.settings.onError(error);
      return undefined;
    }
  }

  private async takeScan(): Promise<Work | undefined> {
    const lease = await this.settings.leases.take();
    return lease && (() => this.perform(lease));
  }

  private async takeQuestion(): Promise<Work | undefined> {
    const { leases, executor } = this.settings;
    const question = await leases.takeQuestion();
    if (question === undefined) return undefined;
    return async () => leases.answer(question, await executor.answer(question, this.stopping.signal));
  }

  /** Runs one scan, and tells how it ended. */
  async perform(lease: Lease): Promise<void> {
    const { leases, executor } = this.settings;
    const cancel = new AbortController();
    using events = new EventLine(batch => leases.tell(lease, batch), this.settings.onError);
    using beat = this.heartbeat(lease, cancel);
    const signal = AbortSignal.any([cancel.signal, this.stopping.signal]);
    const ending = await executor.run(lease, {
      onEvent: event => events.add(event),
      signal,
      keep: content => leases.keep(lease, content),
      stopping: this.stopping.signal,
      handOver: () => beat[Symbol.dispose](),
    });
    await events.flush();
    if (beat.isLost || ending === 'elsewhere') return; // another attempt counts by now, or whoever has it tells
    // One that was ended because the runner stops is for another runner: the queue gives it out again.
    if (ending.kind === 'cancelled' && !cancel.signal.aborted) await leases.release(lease);
    else await leases.end(lease, ending);
  }

  private heartbeat(lease: Lease, cancel: AbortController): Disposable & { readonly isLost: boolean } {
    const { leases, heartbeatMs, onError } = this.settings;
    let isLost = false;
    const beat = async () => {
      const word = await leases.touch(lease);
      if (word === 'go-on') return;
      isLost = word === 'lost';
      cancel.abort(new ScanError('CANCELLED', isLost ? 'Another runner has the scan' : 'The scan was cancelled'));
    };
    const timer = setInterval(() => void beat().catch(onError), heartbeatMs);
    return {
      get isLost() {
        return isLost;
      },
      [Symbol.dispose]: () => clearInterval(timer),
    };
  }

  /** Takes nothing more; what runs is ended, takes its grants back, and goes to another runner. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort(new ScanError('CANCELLED', 'The runner stops'));
    await Promise.all(this.loops);
  }
}

const gatherMs = 500;

/** Events of a run on their way to the database: a few together, in their order. */
class EventLine implements Disposable {
  private waiting: RunEvent[] = [];
  private last: Promise<void> = Promise.resolve();
  private readonly timer: NodeJS.Timeout;
  private readonly send: (events: RunEvent[]) => Promise<void>;
  private readonly onError: (error: unknown) => void;

  constructor(send: (events: RunEvent[]) => Promise<void>, onError: (error: unknown) => void) {
    this.send = send;
    this.onError = onError;
    this.timer = setInterval(() => void this.flush(), gatherMs);
  }

  add(event: RunEvent): void {
    this.waiting.push(event);
  }

  flush(): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    if (batch.length > 0) this.last = this.last.then(() => this.send(batch)).catch(this.onError);
    return this.last;
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
  }
}
