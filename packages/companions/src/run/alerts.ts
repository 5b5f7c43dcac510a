// SPDX-License-Identifier: Apache-2.0
import {
  type AlertRequest,
  type AlertState,
  type Environment,
  isScanError,
  type Surface,
  sendAlerts,
} from '@cinc-scan/core';
import type { Compared } from './compare-with-state.ts';
import type { FindingsVerdict } from './verdict.ts';

interface Kept {
  compared: Compared;
  /** What was kept as due. */
  due: AlertState | undefined;
}

/** Tells what is due, and keeps what got through. */
export async function tellAlerts(
  { compared, due }: Kept,
  request: AlertRequest,
  { environment = {} }: { environment?: Environment | undefined },
): Promise<Surface[]> {
  if (due === undefined || due.due.length === 0) return [];
  const { surfaces, state } = await sendAlerts(request, due, { environment });
  const problem = state && (await problemOfSaving(compared, state));
  return problem === undefined ? surfaces : [...surfaces, { name: 'the state', ok: false, message: problem }];
}

/** Others may tell once more what could not be noted as told. */
async function problemOfSaving(compared: Compared, alerts: AlertState): Promise<string | undefined> {
  try {
    const kept = await compared.save(alerts);
    return kept === 'kept' ? undefined : 'another run has written it meanwhile, so its alerts may come twice';
  } catch (error) {
    if (isScanError(error)) return `${error.message}, so alerts may come twice`;
    throw error;
  }
}

/** A message that had to be sent and was not is worse than all that it was about. */
export function withSurfaces(
  verdict: FindingsVerdict,
  surfaces: readonly Surface[],
  { isRequired }: AlertRequest,
): FindingsVerdict {
  if (!isRequired || surfaces.every(({ ok }) => ok) || verdict.exit === 4) return verdict;
  return { ...verdict, code: 4, exit: 4, reason: 'NOTIFY_FAILED' };
}
