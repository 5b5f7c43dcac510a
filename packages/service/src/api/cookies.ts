// SPDX-License-Identifier: Apache-2.0
// Two cookies: of a browser that is signed in, and of one that is about to be.
import type { Secret } from '@cinc-scan/core';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readSessionSecret } from '../domain/session-secret.ts';
import { attemptMs, isBrowserSecret } from '../domain/sign-in-attempt.ts';

// With this prefix browsers take the cookie from this very host and over TLS alone. Over an open line it would be none:
// https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix
const hostPrefix = '__Host-';
const names = { session: 'cinc_scan_session', attempt: 'cinc_scan_sign_in' };

const isSecure = (origin: string): boolean => origin.startsWith('https:');
const nameOf = (which: keyof typeof names, origin: string): string =>
  `${isSecure(origin) ? hostPrefix : ''}${names[which]}`;

// Lax, since people come here by links, and back from the provider.
const attributes = (origin: string): CookieSerializeOptions => ({
  path: '/',
  httpOnly: true,
  sameSite: 'lax',
  secure: isSecure(origin),
});

/** The hash of what the browser holds. */
export function sessionOf({ cookies }: FastifyRequest, origin: string): Buffer | undefined {
  const text = cookies[nameOf('session', origin)];
  return text === undefined ? undefined : readSessionSecret(text);
}

export function setSession(
  reply: FastifyReply,
  origin: string,
  { text, expiresAt }: { text: Secret; expiresAt: Date },
) {
  reply.setCookie(nameOf('session', origin), text.reveal(), { ...attributes(origin), expires: expiresAt });
}

export function clearSession(reply: FastifyReply, origin: string): void {
  reply.clearCookie(nameOf('session', origin), attributes(origin));
}

export function browserSecretOf({ cookies }: FastifyRequest, origin: string): string | undefined {
  const text = cookies[nameOf('attempt', origin)];
  return text !== undefined && isBrowserSecret(text) ? text : undefined;
}

export function setBrowserSecret(reply: FastifyReply, origin: string, secret: string): void {
  reply.setCookie(nameOf('attempt', origin), secret, { ...attributes(origin), maxAge: attemptMs / 1000 });
}
