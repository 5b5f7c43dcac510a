// SPDX-License-Identifier: Apache-2.0
// Looks over what a service keeps, without the service.
import { isScanError, ScanError, toMessage } from '@cinc-scan/core';
import { checkAuditLog } from './audit-check.ts';
import type { Check, DoctorPlace, Examined } from './check.ts';
import { checkClusters } from './cluster-check.ts';
import { checkOperators } from './operator-check.ts';
import { checkSchema } from './schema-check.ts';

const checks: Check[] = [checkSchema, checkAuditLog, checkOperators, checkClusters];

export interface Diagnosis {
  check: string;
  examined: Examined;
}

/** Each check on its own: that one cannot look keeps no other from it. */
export async function examine(place: DoctorPlace): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const check of checks)
    for (const examined of await examineWith(check, place)) found.push({ check: check.name, examined });
  return found;
}

async function examineWith(check: Check, place: DoctorPlace): Promise<Examined[]> {
  try {
    return await check.examine(place);
  } catch (error) {
    const reason = isScanError(error) ? error : new ScanError('SERVICE_DATA', toMessage(error), { cause: error });
    return [{ kind: 'unchecked', error: reason }];
  }
}

/** The worst counts: what is broken over what could not be seen. */
export function exitOf(found: Diagnosis[]): number {
  if (found.some(({ examined }) => examined.kind === 'broken')) return 5;
  return Math.max(0, ...found.map(({ examined }) => (examined.kind === 'unchecked' ? examined.error.exit : 0)));
}
