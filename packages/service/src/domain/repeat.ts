// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';

export interface Repeated {
  /** Gives whether there may be more to do at once. */
  step: (signal: AbortSignal) => Promise<boolean>;
  /** Between a step that has left nothing, or has failed, and the next one. */
  idleMs: number;
  onError: (error: unknown) => void;
}

/** Does a step again and again; ends, with the step that is under way, when it is disposed of. */
export function repeat({ step, idleMs, onError }: Repeated): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const tried = () =>
    step(signal).catch((error: unknown) => {
      onError(error);
      return false;
    });
  const running = (async () => {
    while (!signal.aborted) if (!(await tried())) await pause(idleMs, undefined, { signal }).catch(() => undefined);
  })();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
