// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../../request/index.ts';

export interface PushSettings {
  /** For one request. */
  timeoutMs: number;
  attempts: number;
  firstPauseMs: number;
  pause: (ms: number) => Promise<unknown>;
  /** Names proxies. */
  environment?: Environment;
}

export const pushDefaults: PushSettings = {
  timeoutMs: 30_000,
  attempts: 4,
  firstPauseMs: 1000,
  pause: ms => sleep(ms),
};
