// SPDX-License-Identifier: Apache-2.0
// What a token says of itself. Nothing of it is believed yet: what is refused here is refused whoever its issuer is.
import { ScanError } from '@cinc-scan/core';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Claims } from './claim-rule.ts';

/** Those with a key that only its issuer has. */
export const tokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export const mostTokenBytes = 16_384;

/** Clocks differ. */
const clockToleranceSeconds = 30;

export interface ReadToken {
  text: string;
  issuer: string;
  subject: string;
  claims: Claims;
}

export const refuseToken = (why: string): ScanError => new ScanError('SERVICE_TOKEN_REFUSED', why);

/** Throws SERVICE_TOKEN_REFUSED. */
export function readToken(text: string, now: Date): ReadToken {
  const { algorithm, claims } = decode(text);
  if (!tokenAlgorithms.includes(algorithm))
    throw refuseToken(
      `The token is signed by ${shown(algorithm)}: only signatures with a private key of its issuer are taken`,
    );
  const [issuer, subject] = [requireText(claims, 'iss'), requireText(claims, 'sub')];
  if (claims['aud'] === undefined) throw refuseToken('The token lacks the claim aud');
  requireNow(claims, now.getTime() / 1000);
  return { text, issuer, subject, claims };
}

function decode(text: string): { algorithm: string; claims: Claims } {
  if (text.length > mostTokenBytes) throw refuseToken('The token is too long');
  try {
    const { alg = 'nothing' } = decodeProtectedHeader(text);
    return { algorithm: alg, claims: decodeJwt(text) };
  } catch (error) {
    throw new ScanError('SERVICE_TOKEN_REFUSED', 'It is not a JSON Web Token', { cause: error });
  }
}

function requireText(claims: Claims, name: string): string {
  const value = claims[name];
  if (value === undefined) throw refuseToken(`The token lacks the claim ${name}`);
  if (typeof value === 'string' && /^[^\p{Cc}\p{Cf}]{1,1000}$/u.test(value)) return value;
  throw refuseToken(`The claim ${name} of the token is not a text without control characters`);
}

function requireNow(claims: Claims, now: number): void {
  const expires = requireTime(claims, 'exp');
  const begins = Math.max(requireTime(claims, 'iat'), claims['nbf'] === undefined ? 0 : requireTime(claims, 'nbf'));
  if (expires <= now - clockToleranceSeconds) throw refuseToken(`The token has expired at ${moment(expires)}`);
  if (begins > now + clockToleranceSeconds) throw refuseToken(`The token is valid from ${moment(begins)} only`);
}

function requireTime(claims: Claims, name: string): number {
  const value = claims[name];
  if (value === undefined) throw refuseToken(`The token lacks the claim ${name}`);
  if (typeof value === 'number' && value > 0 && value < 8_640_000_000_000) return value;
  throw refuseToken(`The claim ${name} of the token is not a time`);
}

const moment = (seconds: number): string => new Date(seconds * 1000).toISOString();

const shown = (algorithm: string): string => algorithm.replaceAll(/[^\w-]/g, '').slice(0, 20);
