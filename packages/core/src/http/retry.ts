// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../request/index.ts';
import type { AnswerHead } from './call.ts';

/** How often a request is made again, and how long each may take. */
export interface RetrySettings {
  /** For one request. */
  timeoutMs: number;
  attempts: number;
  firstPauseMs: number;
  pause: (ms: number) => Promise<unknown>;
  /** Names proxies. */
  environment?: Environment;
}

export const retryDefaults: RetrySettings = {
  timeoutMs: 30_000,
  attempts: 4,
  firstPauseMs: 1000,
  pause: ms => sleep(ms),
};

/** Worth another try: nothing was said about the request itself. */
export function mayPass(answer: AnswerHead): boolean {
  if (answer.kind === 'failed') return !answer.untrusted && answer.tooLong !== true;
  return answer.status === 429 || answer.status >= 500;
}

/** Before the next try: as long as the server asks for, within reason. */
export function waitMs(
  answer: AnswerHead | undefined,
  attempt: number,
  { firstPauseMs }: Pick<RetrySettings, 'firstPauseMs'>,
): number {
  const asked = answer?.kind === 'answered' ? Number(answer.headers['retry-after']) : Number.NaN;
  const own = firstPauseMs * 2 ** (attempt - 1);
  return Number.isFinite(asked) ? Math.min(Math.max(asked * 1000, own), 30_000) : own;
}
