// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { Bell } from './bell.ts';

const day = 86_400_000;

test('one who waits goes on when the bell rings', async () => {
  const bell = new Bell();
  bell.reset();
  const waiting = bell.wait(day);
  bell.ring();
  await expect(waiting).resolves.toBeUndefined();
});

test('what rang while one looked is not missed, and rings once', async () => {
  const bell = new Bell();
  bell.reset();
  bell.ring();
  await bell.wait(day);
  bell.reset();
  let isOver = false;
  const stop = new AbortController();
  const waiting = bell.wait(day, stop.signal).then(() => (isOver = true));
  await new Promise(resolve => setImmediate(resolve));
  expect(isOver).toBe(false);
  stop.abort();
  await waiting;
});

test('nobody waits longer than told, or once the signal was given', async () => {
  const bell = new Bell();
  await bell.wait(1);
  await bell.wait(day, AbortSignal.abort());
});
