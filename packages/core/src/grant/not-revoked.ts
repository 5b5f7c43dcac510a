// SPDX-License-Identifier: Apache-2.0
import { isScanError, ScanError, toMessage } from '../errors/index.ts';

/** Whatever kept the proof from being made: without it the grant counts as still there. */
export function toNotRevoked(error: unknown): ScanError {
  return isScanError(error) && error.code === 'GRANT_NOT_REVOKED'
    ? error
    : new ScanError('GRANT_NOT_REVOKED', `The grant may still be there: ${toMessage(error)}`, { cause: error });
}
