// SPDX-License-Identifier: Apache-2.0
import type { EventEmitter } from 'node:events';
import { ScanError } from './errors/index.ts';

/** Aborts on the first SIGINT or SIGTERM, so that the run can revoke its grant; the listeners go with the run. */
export function listenForCancel(
  signals: Pick<EventEmitter, 'on' | 'off'>,
  say: (text: string) => void,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const cancel = (error: ScanError) => () => {
    if (!controller.signal.aborted) say('Cancelling: revoking the temporary identity first');
    controller.abort(error);
  };
  const onInterrupt = cancel(new ScanError('CANCELLED', 'The run was interrupted'));
  const onTerminate = cancel(new ScanError('TERMINATED', 'The run was terminated'));
  signals.on('SIGINT', onInterrupt);
  signals.on('SIGTERM', onTerminate);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      signals.off('SIGINT', onInterrupt);
      signals.off('SIGTERM', onTerminate);
    },
  };
}
