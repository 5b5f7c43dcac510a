// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Secret } from '@cinc-scan/core';

/** `cs_`, eight characters that may be shown, and the secret of 32. */
const shape = /^cs_([a-z2-7]{8})_([a-z2-7]{32})$/;

export interface NewKey {
  publicId: string;
  hash: Buffer;
  /** Shown once. */
  text: Secret;
}

export function makeKey(): NewKey {
  const publicId = randomText(8);
  const secret = randomText(32);
  return { publicId, hash: hashOf(secret), text: new Secret(`cs_${publicId}_${secret}`) };
}

export interface PresentedKey {
  publicId: string;
  hash: Buffer;
}

/** A key as a caller presents it; undefined where the text has another form. */
export function readKey(text: string): PresentedKey | undefined {
  const [, publicId, secret] = shape.exec(text) ?? [];
  if (publicId === undefined || secret === undefined) return undefined;
  return { publicId, hash: hashOf(secret) };
}

export const isSameHash = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

// 160 random bits need no slow hash.
const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const letters = 'abcdefghijklmnopqrstuvwxyz234567';

const randomText = (length: number): string =>
  Array.from(randomBytes(length), byte => letters[byte % letters.length]).join('');
