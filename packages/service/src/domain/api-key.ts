// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Secret } from '@cinc-scan/core';

/** What a secret of this service is: a key, a ticket that is traded once for an attempt, or the key of that attempt. */
type Prefix = 'cs' | 'ct' | 'ca';

/** What it is, eight characters that may be shown, and the secret of 32. */
const shape = /^(c[sta])_([a-z2-7]{8})_([a-z2-7]{32})$/;

export interface NewKey {
  publicId: string;
  hash: Buffer;
  /** Shown once. */
  text: Secret;
}

export function makeKey(prefix: Prefix = 'cs'): NewKey {
  const publicId = randomText(8);
  const secret = randomText(32);
  return { publicId, hash: hashOf(secret), text: new Secret(`${prefix}_${publicId}_${secret}`) };
}

export interface PresentedKey {
  publicId: string;
  hash: Buffer;
}

/** A key as a caller presents it; undefined where the text has another form. */
export function readKey(text: string, wanted: Prefix = 'cs'): PresentedKey | undefined {
  const [, prefix, publicId, secret] = shape.exec(text) ?? [];
  if (prefix !== wanted || publicId === undefined || secret === undefined) return undefined;
  return { publicId, hash: hashOf(secret) };
}

export const isSameHash = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

// 160 random bits need no slow hash.
const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const letters = 'abcdefghijklmnopqrstuvwxyz234567';

const randomText = (length: number): string =>
  Array.from(randomBytes(length), byte => letters[byte % letters.length]).join('');
