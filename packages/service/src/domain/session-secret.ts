// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { Secret } from '@cinc-scan/core';

export interface NewSessionSecret {
  /** In the cookie, and nowhere else. */
  text: Secret;
  hash: Buffer;
}

export function makeSessionSecret(): NewSessionSecret {
  const text = randomBytes(32).toString('base64url');
  return { text: new Secret(text), hash: hashOf(text) };
}

/** Undefined where the text has another form. */
export const readSessionSecret = (text: string): Buffer | undefined =>
  /^[\w-]{43}$/.test(text) ? hashOf(text) : undefined;

// 256 random bits need no slow hash.
const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
