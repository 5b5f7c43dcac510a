// SPDX-License-Identifier: Apache-2.0
import type { EnginePackage } from '../engine/index.ts';
import { ScanError } from '../errors/index.ts';
import type { Values } from '../request/index.ts';

/** The package of the auditor that was named, if one was: the address and the digest, never one alone. */
export function toEnginePackage(values: Values): EnginePackage | undefined {
  const { 'engine-url': url, 'engine-sha256': sha256, 'engine-ca': caFile } = values;
  if (url === undefined && sha256 === undefined) return undefined;
  if (url === undefined || sha256 === undefined)
    throw new ScanError('INPUT_INVALID', 'engine-url and engine-sha256: expected both or neither, got one of them');
  return { url, sha256, caFile };
}
