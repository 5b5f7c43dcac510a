// SPDX-License-Identifier: Apache-2.0
// How browsers sign in: people at their provider, and whoever has a key.
import { ScanError } from '@cinc-scan/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { readKey } from '../../domain/api-key.ts';
import { hashOfState, newBrowserSecret, ownPath, readAttempt, startAttempt } from '../../domain/sign-in-attempt.ts';
import type { SignInProvider } from '../../identity/provider.ts';
import { audit } from '../../store/audit-log.ts';
import { findKey, invalidKey } from '../../store/keys.ts';
import { admitPerson } from '../../store/people.ts';
import { endSession, type NewSession, type StartedSession, startSession, takeState } from '../../store/sessions.ts';
import type { PlatformTransaction, Store } from '../../store/store.ts';
import { browserSecretOf, clearSession, sessionOf, setBrowserSecret, setSession } from '../cookies.ts';
import { limitFailures } from '../limit-failures.ts';
import { requireSameOrigin } from '../same-origin.ts';
import type { Server } from './routes.ts';

export interface AuthParts {
  store: Store;
  /** Where people sign in; undefined where they cannot. */
  provider: SignInProvider | undefined;
  /** Where browsers see this service: scheme, host and port. */
  origin: () => string;
  /** In a minute, of one address. */
  mostFailures: number;
}

const config = { access: { kind: 'anyone' } } as const;
const callbackPath = '/auth/callback';

export function addAuthRoutes(server: Server, parts: AuthParts): void {
  // Forms of pages without script.
  server.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
  addStart(server, parts);
  addCallback(server, parts);
  addKeySignIn(server, parts);
  addSignOut(server, parts);
}

const page = z.string().max(1000).optional();

function addStart(server: Server, { provider, origin }: AuthParts): void {
  server.get(
    '/auth/sign-in',
    { config, schema: { hide: true, querystring: z.strictObject({ to: page }) } },
    async (request, reply) => {
      if (provider === undefined) throw noProvider();
      const browser = browserSecretOf(request, origin()) ?? newBrowserSecret();
      const attempt = startAttempt(browser, ownPath(request.query.to), new Date());
      const there = await provider.begin(attempt, `${origin()}${callbackPath}`);
      setBrowserSecret(reply, origin(), browser);
      return reply.redirect(there.href, 302);
    },
  );
}

const noProvider = () =>
  new ScanError('SERVICE_NOT_FOUND', 'This service has no provider at which people sign in', {
    remedy: 'Sign in with a key, or ask its operator to start it with --oidc-issuer.',
  });

function addCallback(server: Server, { store, provider, origin, mostFailures }: AuthParts): void {
  const limits = limitFailures(store, mostFailures);
  const querystring = z.looseObject({ state: z.string().max(4000).optional() });
  server.get(callbackPath, { config, ...limits, schema: { hide: true, querystring } }, async (request, reply) => {
    if (provider === undefined) throw noProvider();
    const browser = browserSecretOf(request, origin());
    const attempt = browser && readAttempt(browser, request.query.state ?? '', new Date());
    if (!attempt) throw refused('it was not begun in this browser, or too long ago');
    const person = await provider.finish(new URL(request.url, origin()), attempt).catch((error: unknown) => {
      request.log.warn({ err: error }, 'a person was not signed in');
      throw error;
    });
    const session = await store.asPlatform(async transaction => {
      const isFirst = await takeState(transaction, hashOfState(attempt.state), attempt.expiresAt);
      if (!isFirst) throw refused('it was finished already');
      const principal = await admitPerson(transaction, person);
      return replaceSession(transaction, sessionOf(request, origin()), { principal, key: undefined });
    });
    setSession(reply, origin(), session);
    return reply.redirect(attempt.to, 303);
  });
}

const refused = (why: string) => new ScanError('SERVICE_SIGN_IN_REFUSED', `The sign-in was not finished: ${why}`);

/** A browser is one at a time. */
async function replaceSession(
  transaction: PlatformTransaction,
  before: Buffer | undefined,
  session: NewSession,
): Promise<StartedSession> {
  if (before !== undefined) await endSession(transaction, before);
  return startSession(transaction, session);
}

const keyBody = z.strictObject({ key: z.string().max(200), to: page });

function addKeySignIn(server: Server, { store, origin, mostFailures }: AuthParts): void {
  const limits = limitFailures(store, mostFailures);
  server.post('/auth/sign-in', { config, ...limits, schema: { hide: true, body: keyBody } }, async (request, reply) => {
    requireSameOrigin(request, origin()); // else somebody else's page could sign a browser in as somebody else
    const presented = readKey(request.body.key);
    if (presented === undefined) throw invalidKey();
    const key = await findKey(store, presented);
    const { principal, kind } = key.caller;
    if (kind === 'runner') throw new ScanError('SERVICE_FORBIDDEN', 'The key is of a runner, which is not a browser');
    const session = await store.asPlatform(async transaction => {
      const team = key.caller.kind === 'team' ? key.caller.team : null;
      await audit(transaction, { team, principal, action: 'session.start', object: presented.publicId });
      return replaceSession(transaction, sessionOf(request, origin()), { principal, key });
    });
    setSession(reply, origin(), session);
    return done(request, reply, ownPath(request.body.to));
  });
}

function addSignOut(server: Server, { store, origin }: AuthParts): void {
  const body = z.union([z.strictObject({}), z.null()]).optional();
  server.post('/auth/sign-out', { config, schema: { hide: true, body } }, async (request, reply) => {
    requireSameOrigin(request, origin());
    const session = sessionOf(request, origin());
    if (session !== undefined) await store.asPlatform(transaction => endSession(transaction, session));
    clearSession(reply, origin());
    return done(request, reply, '/');
  });
}

/** A page goes on to another one, a program needs no more than the cookie. */
function done(request: FastifyRequest, reply: FastifyReply, to: string): FastifyReply {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  return isForm ? reply.redirect(to, 303) : reply.code(204).send();
}
