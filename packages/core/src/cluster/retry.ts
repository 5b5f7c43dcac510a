// SPDX-License-Identifier: Apache-2.0
import { DelegateBackoff, handleWhen, type IRetryBackoffContext, retry } from 'cockatiel';

/** Thrown inside a retried step for what may pass: the step is tried again, then `error` is what the caller sees. */
export class Transient extends Error {
  readonly error: Error;
  /** Milliseconds the server asked to wait (Retry-After). */
  readonly waitMs: number;

  constructor(error: Error, waitMs = 0) {
    super(error.message, { cause: error });
    this.error = error;
    this.waitMs = waitMs;
  }
}

export interface RetryOptions {
  attempts: number;
  /** First and longest wait between tries, milliseconds; each is drawn at random below its bound (jitter). */
  initialMs: number;
  maxMs: number;
}

export const defaultRetry: RetryOptions = { attempts: 4, initialMs: 200, maxMs: 5000 };

// Longer than any 429 of an API server in practice (1 to 5 s), shorter than a pipeline's patience.
const maxWaitMs = 30_000;

/** What a Retry-After header asks for; a date is not what API servers send. */
export function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/** Runs a step until it gives something else than a Transient, at most `attempts` times after the first. */
export async function withRetry<T>(
  step: (attempt: number) => Promise<T>,
  options: RetryOptions = defaultRetry,
  signal?: AbortSignal,
): Promise<T> {
  const backoff = new DelegateBackoff<IRetryBackoffContext<unknown>>(({ attempt, result }) => {
    const asked = 'error' in result && result.error instanceof Transient ? result.error.waitMs : 0;
    return Math.max(Math.min(asked, maxWaitMs), jittered(options, attempt));
  });
  const policy = retry(
    handleWhen(error => error instanceof Transient),
    { maxAttempts: options.attempts, backoff },
  );
  try {
    return await policy.execute(({ attempt }) => step(attempt), signal);
  } catch (error) {
    throw error instanceof Transient ? error.error : error;
  }
}

/** Full jitter between nothing and the exponential bound: clients that failed together do not return together. */
function jittered({ initialMs, maxMs }: RetryOptions, attempt: number): number {
  return Math.random() * Math.min(maxMs, initialMs * 2 ** attempt);
}
