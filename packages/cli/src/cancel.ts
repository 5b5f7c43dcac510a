// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import type { Terminal } from './terminal.ts';

/** Aborts on the first SIGINT or SIGTERM, so that the run can revoke its grant; the listeners go with the run. */
export function listenForCancel({ signals, stderr }: Terminal): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const cancel = (error: ScanError) => () => {
    if (!controller.signal.aborted) stderr.write('\nCancelling: revoking the temporary identity first\n');
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
