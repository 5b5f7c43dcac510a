// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { attemptMs, newBrowserSecret, readAttempt, startAttempt } from './sign-in-attempt.ts';

const now = new Date(1_800_000_000_000);
const after = (ms: number) => new Date(now.getTime() + ms);

test('an attempt is read where it was begun, for ten minutes, with all that belongs to it', () => {
  const browser = newBrowserSecret();
  const attempt = startAttempt(browser, '/scans', now);
  expect(readAttempt(browser, attempt.state, after(attemptMs))).toEqual(attempt);
  expect(readAttempt(browser, attempt.state, after(attemptMs + 1))).toBeUndefined();
  expect(readAttempt(newBrowserSecret(), attempt.state, now)).toBeUndefined();
  for (const part of ['', '.', 'x', attempt.state.slice(1), `${attempt.state}x`])
    expect(readAttempt(browser, part, now)).toBeUndefined();
});

test('no two attempts of a browser have anything in common, and none has what another value of its own gives away', () => {
  const browser = newBrowserSecret();
  const [one, other] = [startAttempt(browser, '/', now), startAttempt(browser, '/', now)];
  const secrets = [one, other].flatMap(({ state, nonce, verifier }) => [state, nonce, verifier]);
  expect(new Set(secrets).size).toBe(6);
  expect(secrets.join()).not.toContain(browser);
});
