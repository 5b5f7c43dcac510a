// SPDX-License-Identifier: Apache-2.0

/** What a step comes to, unless the signal ends it first: for steps that do not listen to signals, such as plugins. */
export async function unlessAborted<T>(step: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return step;
  step.catch(() => undefined); // nobody waits for it any more once the signal has come
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([step, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
