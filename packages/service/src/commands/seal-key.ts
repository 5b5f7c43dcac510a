// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ScanError, Secret, toMessage } from '@cinc-scan/core';
import { Sealer } from '../domain/seal.ts';

/** The key of stored secrets; made at the first start. Throws SERVICE_DATA. */
export function openSealer(file: string): Sealer {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    try {
      writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    }
    const text = readFileSync(file, 'utf8').trim();
    if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) throw new Error('expected 32 bytes as base64');
    return new Sealer(new Secret(text));
  } catch (cause) {
    throw new ScanError('SERVICE_DATA', `The key of stored secrets, ${file}, cannot be used: ${toMessage(cause)}`, {
      cause,
    });
  }
}
