// SPDX-License-Identifier: Apache-2.0
// A person on the way to the provider and back. All that has to come back with them follows from a secret of their browser
// and from the state that the provider returns, so that nothing is kept for strangers who never come back.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

export interface Attempt {
  state: string;
  nonce: string;
  /** Of PKCE. */
  verifier: string;
  /** Page of this service to go on with. */
  to: string;
  expiresAt: Date;
}

export const attemptMs = 600_000;

export const newBrowserSecret = (): string => randomBytes(32).toString('base64url');

export const isBrowserSecret = (text: string): boolean => /^[\w-]{43}$/.test(text);

const carried = z.strictObject({ r: z.string(), to: z.string(), exp: z.number() });

export function startAttempt(browser: string, to: string, now: Date): Attempt {
  const exp = now.getTime() + attemptMs;
  const body = Buffer.from(JSON.stringify({ r: randomBytes(16).toString('base64url'), to, exp })).toString('base64url');
  return attemptOf(browser, `${body}.${derive(browser, 'state', body)}`, { to, exp });
}

/** The attempt that the state is of, if this browser has started it, and not too long ago. */
export function readAttempt(browser: string, state: string, now: Date): Attempt | undefined {
  const [body = '', mark = ''] = state.split('.');
  if (!isSame(mark, derive(browser, 'state', body))) return undefined;
  const { to, exp } = carried.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  return exp < now.getTime() ? undefined : attemptOf(browser, state, { to, exp });
}

const attemptOf = (browser: string, state: string, { to, exp }: { to: string; exp: number }): Attempt => ({
  state,
  nonce: derive(browser, 'nonce', state),
  verifier: derive(browser, 'verifier', state),
  to,
  expiresAt: new Date(exp),
});

const derive = (browser: string, what: string, state: string): string =>
  createHmac('sha256', browser).update(`${what}:${state}`).digest('base64url');

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What is kept of a state that was used. */
export const hashOfState = (state: string): Buffer => createHash('sha256').update(state).digest();

/** A page of this service, whatever browsers make of backslashes and leading slashes; the first page for anything else. */
export function ownPath(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}$/.test(to) ? to : '/';
}
