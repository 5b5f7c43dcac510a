// SPDX-License-Identifier: Apache-2.0
import type { EventEmitter } from 'node:events';
import { info } from '@actions/core';
import { ScanError } from '@cinc-scan/core';

/** The runner sends SIGINT, 7.5 s later SIGTERM, and kills 2.5 s after that; the first is enough to revoke and end. */
export function listenForCancel(signals: Pick<EventEmitter, 'on' | 'off'>): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const cancel = (error: ScanError) => () => {
    if (!controller.signal.aborted) info('Cancelling: revoking the temporary identity first');
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
