// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from 'node:os';
import { probeJail, ScanError } from '@cinc-scan/core';
import { engineDirectory } from '../own-package.ts';

/** A profile is a program: without a jail it could read what the process that scans can. Throws SERVICE_UNISOLATED. */
export async function requireIsolation({ cache, path }: { cache: string; path: string }): Promise<void> {
  const engine = { directory: engineDirectory(), cacheDirectory: cache, path };
  const { strength, missing, reasons } = await probeJail(engine, tmpdir());
  if (strength === 'full') return;
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  throw new ScanError(
    'SERVICE_UNISOLATED',
    `The jail for profile code is ${strength} on this machine: it does not keep ${missing.join(', ')}${why}`,
  );
}
