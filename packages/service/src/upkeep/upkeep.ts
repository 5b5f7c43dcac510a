// SPDX-License-Identifier: Apache-2.0
import type { Blobs } from '../blobs/blobs.ts';
import { repeat } from '../domain/repeat.ts';
import { takeDuty } from '../store/duty.ts';
import type { Store } from '../store/store.ts';
import { type Swept, sweep } from './sweep.ts';

export interface UpkeepParts {
  store: Store;
  blobs: Blobs;
  /** Who does it, of all schedulers. */
  holder: string;
  onSwept: (swept: Swept) => void;
  onError: (error: unknown) => void;
}

const everyMs = 600_000;
const dutySeconds = 300;
const renewMs = 30_000;

/** Sweeps now and then, in one of the schedulers at a time; ends with what it gives. */
export function startUpkeep(parts: UpkeepParts): AsyncDisposable {
  const step = async (signal: AbortSignal) => {
    await sweepIfOurs(parts, signal);
    return false;
  };
  return repeat({ step, idleMs: everyMs, onError: parts.onError });
}

async function sweepIfOurs({ store, blobs, holder, onSwept }: UpkeepParts, signal: AbortSignal): Promise<void> {
  let renewed = 0;
  const isOurs = async () => {
    if (Date.now() - renewed < renewMs) return true;
    renewed = Date.now();
    return store.asPlatform(transaction => takeDuty(transaction, { name: 'sweep', holder, seconds: dutySeconds }));
  };
  if (!(await isOurs())) return;
  const goesOn = async () => !signal.aborted && (await isOurs());
  onSwept(await sweep({ store, blobs, now: new Date(), goesOn }));
}
