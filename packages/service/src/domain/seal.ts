// SPDX-License-Identifier: Apache-2.0
// Secrets that the service has to show to others again lie in the database sealed: AES-256-GCM, by a key that does not.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ScanError, Secret } from '@cinc-scan/core';

const [ivBytes, tagBytes] = [12, 16];

export class Sealer {
  private readonly key: Secret;

  /** 32 bytes as base64. */
  constructor(key: Secret) {
    this.key = key;
  }

  private get bytes(): Buffer {
    return Buffer.from(this.key.reveal(), 'base64');
  }

  /** Opens for this purpose alone: a row that is moved elsewhere stays closed. */
  seal(secret: Secret, purpose: string): Buffer {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.bytes, iv).setAAD(Buffer.from(purpose));
    const closed = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), closed]);
  }

  /** Throws SERVICE_DATA for what another key has sealed, or for another purpose. */
  open(sealed: Uint8Array, purpose: string): Secret {
    const all = Buffer.from(sealed);
    const [iv, tag, closed] = [
      all.subarray(0, ivBytes),
      all.subarray(ivBytes, ivBytes + tagBytes),
      all.subarray(ivBytes + tagBytes),
    ];
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.bytes, iv).setAAD(Buffer.from(purpose)).setAuthTag(tag);
      return new Secret(Buffer.concat([decipher.update(closed), decipher.final()]).toString('utf8'));
    } catch (cause) {
      throw new ScanError('SERVICE_DATA', 'A stored secret cannot be opened: it was sealed with another key', {
        cause,
        remedy: 'Start the service with the key file that it had; it is in no backup.',
      });
    }
  }
}
