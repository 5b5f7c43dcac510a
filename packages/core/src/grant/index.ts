// SPDX-License-Identifier: Apache-2.0
export { type AccessRequest, admit, admitAll, openAccess } from './access.ts';
export { Grant, type GrantRequest } from './grant.ts';
export { parseGrantKubeconfig } from './kubeconfig.ts';
export type { GrantListener } from './maker.ts';
export { toNotRevoked } from './not-revoked.ts';
export { type GrantObject, objectText, scannerRules, toPermissions } from './objects.ts';
export {
  anySelector,
  lackOf,
  operatorRules,
  planPermissions,
  requirePermissions,
  scanPermissions,
} from './operator.ts';
export { operatorRights } from './operator-rights.ts';
export { previewGrant } from './preview.ts';
export { revokeObjects, verifyPowerless } from './revoke.ts';
export type { ScannerAccess } from './scanner-access.ts';
export { findLeftovers, type Leftover, type Leftovers, type SweepRequest, sweep } from './sweep.ts';
