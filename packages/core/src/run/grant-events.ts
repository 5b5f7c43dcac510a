// SPDX-License-Identifier: Apache-2.0
import type { ScanError } from '../errors/index.ts';
import type { GrantListener, GrantObject, GrantRequest, ScannerAccess } from '../grant/index.ts';
import type { ReportModel } from '../report/index.ts';
import type { Secrets } from '../request/index.ts';
import type { Deps, IdentityRequest } from './scan-request.ts';

interface Listening {
  emit: Deps['emit'];
  secrets?: Secrets | undefined;
  /** Takes down every object that is about to be made. */
  intended?: GrantObject[];
}

/** Tells of every object of a grant before and after it is made, and keeps its tokens out of whatever is written. */
export function grantListener({ emit, secrets, intended }: Listening): GrantListener {
  return {
    onIntent(object) {
      intended?.push(object);
      emit({ kind: 'intent', object });
    },
    onMade: object => emit({ kind: 'object', verb: 'create', object }),
    onDeleted: object => emit({ kind: 'object', verb: 'delete', object }),
    onToken: token => secrets?.register(token),
  };
}

/** The grant for what was asked. `runSeconds` is how long it is meant to be used, at most. */
export function toGrantRequest(
  { runId, durationSeconds, labels, accountNamespace }: Omit<IdentityRequest, 'plan'>,
  runSeconds: number,
  deps: Listening,
): GrantRequest {
  const asked = { runId, durationSeconds, runSeconds: Math.ceil(runSeconds), labels, accountNamespace };
  return { ...asked, now: new Date(), ...grantListener(deps) };
}

/** The grant as reports show it; also one that could neither be made nor taken back. */
export function summarizeGrant(
  access: ScannerAccess | undefined,
  intended: GrantObject[],
  notRevoked: ScanError | undefined,
): ReportModel['grant'] {
  if (access === undefined)
    return notRevoked && { access: 'grant', objects: intended, expiresAt: undefined, revoked: false };
  const { kind, objects, expiresAt } = access;
  return { access: kind, objects, expiresAt, revoked: kind === 'grant' ? notRevoked === undefined : undefined };
}
