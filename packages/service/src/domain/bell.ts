// SPDX-License-Identifier: Apache-2.0

/** Wakes one who waits. What rings between a reset and the wait after it is not missed: who waits then waits for nothing. */
export class Bell {
  private rung = Promise.withResolvers<void>();

  ring(): void {
    this.rung.resolve();
  }

  /** Before one looks whether there is something to do. */
  reset(): void {
    this.rung = Promise.withResolvers<void>();
  }

  /** Until it rings, the time is over, or the signal is given. */
  async wait(mostMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const enough = () => resolve();
    const timer = setTimeout(enough, mostMs);
    signal?.addEventListener('abort', enough);
    await Promise.race([promise, this.rung.promise]);
    signal?.removeEventListener('abort', enough);
    clearTimeout(timer);
  }
}
