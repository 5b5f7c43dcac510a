// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { type AlertState, isScanError, ScanError } from '@cinc-scan/core';
import type { Compared } from './compare-with-state.ts';

/** What a run does with what it has read, some of it more than once. */
export interface KeepSteps<Run> {
  /** With the state as it is by now. */
  compare: () => Promise<Compared>;
  /** Where there is no state that can be read. */
  compareWithNothing: () => Compared;
  /** Judges, and writes the reports: once more with what kept the run from being kept. */
  conclude: (compared: Compared, failure?: ScanError) => Promise<Run>;
  keep: (run: Run) => Promise<void>;
  /** What is to be told of the run; it is kept with the state, before anybody is told. */
  due: (run: Run) => AlertState | undefined;
  retell: (run: Run) => Promise<void>;
}

const mostAttempts = 5;
const mostPauseMs = 200;

interface Attempt<Run> {
  compared: Compared;
  run: Run;
}

/**
 * Concludes a run and keeps it: its folder first, the state last. If another run has written the state meanwhile, this one
 * compares again with that. Whatever keeps it from being kept is an error of the run, told when its reports are there.
 */
export async function keepRun<Run>(steps: KeepSteps<Run>): Promise<Run> {
  let last: Attempt<Run> | undefined;
  try {
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      const compared = await steps.compare();
      last = { compared, run: await steps.conclude(compared) };
      await steps.keep(last.run);
      if ((await compared.save(steps.due(last.run))) === 'kept') return last.run;
      await sleep(Math.random() * mostPauseMs * attempt);
    }
    throw new ScanError('STATE_CONFLICT', `The state was changed by others each of ${mostAttempts} times`);
  } catch (error) {
    const failure = failureOf(error, last !== undefined);
    const run = await steps.conclude(last?.compared ?? steps.compareWithNothing(), failure);
    await steps.retell(run);
    return run;
  }
}

/** A state that was fit to compare with and is not any more was written by another run meanwhile. */
function failureOf(error: unknown, isAgain: boolean): ScanError {
  if (!isScanError(error)) throw error;
  if (error.code === 'STORE_FAILED' || error.code === 'STATE_CONFLICT') return error;
  if (isAgain && error.code === 'BASELINE_INVALID')
    return new ScanError('STATE_CONFLICT', error.message, { cause: error });
  throw error;
}
