// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { Transient, withRetry } from './retry.ts';

const quick = { attempts: 3, initialMs: 1, maxMs: 2 };

/** Fails with these in turn, then succeeds. */
function failing(...errors: Error[]) {
  const attempts: number[] = [];
  const step = (attempt: number) => {
    attempts.push(attempt);
    const error = errors.shift();
    return error === undefined ? Promise.resolve('done') : Promise.reject(error);
  };
  return { attempts, step };
}

describe('a step that may pass', () => {
  test('is tried until it does', async () => {
    const { step, attempts } = failing(new Transient(new Error('a')), new Transient(new Error('b')));
    expect(await withRetry(step, quick)).toBe('done');
    expect(attempts).toEqual([0, 1, 2]);
  });

  test('is given up after so many tries, with its own error', async () => {
    const own = new Error('the last');
    const { step, attempts } = failing(...Array.from({ length: 9 }, () => new Transient(own)));
    await expect(withRetry(step, quick)).rejects.toBe(own);
    expect(attempts).toHaveLength(4);
  });

  test('is not tried again for what will not pass', async () => {
    const own = new Error('no');
    const { step, attempts } = failing(own);
    await expect(withRetry(step, quick)).rejects.toBe(own);
    expect(attempts).toHaveLength(1);
  });

  test('is not tried again where nothing is to be tried again', async () => {
    const { step, attempts } = failing(new Transient(new Error('a')));
    await expect(withRetry(step, { ...quick, attempts: 0 })).rejects.toThrow('a');
    expect(attempts).toHaveLength(1);
  });

  test('waits as long as the server asks', async () => {
    const { step } = failing(new Transient(new Error('busy'), 300));
    const started = performance.now();
    await withRetry(step, quick);
    expect(performance.now() - started).toBeGreaterThanOrEqual(295);
  });

  test('is left alone once the run is cancelled', async () => {
    const controller = new AbortController();
    const { step, attempts } = failing(...Array.from({ length: 9 }, () => new Transient(new Error('a'), 20_000)));
    const running = withRetry(step, quick, controller.signal);
    controller.abort();
    await expect(running).rejects.toThrow();
    expect(attempts).toHaveLength(1);
  });
});
