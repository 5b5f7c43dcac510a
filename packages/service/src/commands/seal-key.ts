// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ScanError, Secret, toMessage } from '@cinc-scan/core';
import { Sealer } from '../domain/seal.ts';

/** The key of stored secrets; made at the first start. Throws SERVICE_DATA. */
export function openSealer(file: string): Sealer {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!existsSync(file)) makeKey(file);
    const text = readFileSync(file, 'utf8').trim();
    if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) throw new Error('expected 32 bytes as base64');
    return new Sealer(new Secret(text));
  } catch (cause) {
    throw new ScanError('SERVICE_DATA', `The key of stored secrets, ${file}, cannot be used: ${toMessage(cause)}`, {
      cause,
    });
  }
}

/** Of several processes that start at the same time one makes it, and the others find it whole. */
function makeKey(file: string): void {
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
