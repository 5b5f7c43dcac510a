// SPDX-License-Identifier: Apache-2.0
import type { EventEmitter } from 'node:events';
import { type ErrorCode, ScanError, toScanError } from '../errors/index.ts';

/**
 * Signals that end a process which does not listen, and what they mean here. Node keeps SIGUSR1 for its debugger and
 * ignores SIGPIPE and SIGXFSZ: the write that fails says so itself.
 */
const signalsToEnd = {
  SIGHUP: ['HUNG_UP', 'The run lost its terminal or session (SIGHUP)'],
  SIGINT: ['CANCELLED', 'The run was interrupted'],
  SIGQUIT: ['CANCELLED', 'The run was interrupted (SIGQUIT)'],
  SIGTERM: ['TERMINATED', 'The run was terminated'],
  ...Object.fromEntries(
    ['SIGABRT', 'SIGALRM', 'SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGUSR2', 'SIGVTALRM', 'SIGXCPU'].map(name => [
      name,
      ['TERMINATED', `The run was terminated (${name})`] as const,
    ]),
  ),
} as const satisfies Record<string, readonly [ErrorCode, string]>;

/**
 * Aborts on whatever would end the process: the first signal, or an exception that was not caught. The run can then
 * revoke its grant; no further signal cuts that short. The listeners go with the run.
 */
export function listenForCancel(
  process: Pick<EventEmitter, 'on' | 'off'>,
  say: (text: string) => void,
  first = 'revoking the temporary identity',
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const cancel = (reason: ScanError) => {
    const isFirst = !controller.signal.aborted;
    controller.abort(reason);
    if (isFirst) say(`Cancelling: ${first} first`);
  };
  const listeners = new Map<string, (thrown: unknown) => void>();
  for (const [name, [code, text]] of Object.entries(signalsToEnd))
    listeners.set(name, () => cancel(new ScanError(code, text)));
  listeners.set('uncaughtException', thrown => cancel(toScanError(thrown, 'ENGINE_CRASHED', 'The run failed')));
  for (const [name, listener] of listeners) process.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}

// What a timer can hold: 24 days.
const longestMs = 2 ** 31 - 1;

/** The signal of a run that is also over at its deadline. */
export function untilDeadline(
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const late = () => controller.abort(new ScanError('DEADLINE', 'The deadline of the run passed'));
  const timer = setTimeout(late, Math.min(longestMs, deadlineMs));
  return {
    signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
