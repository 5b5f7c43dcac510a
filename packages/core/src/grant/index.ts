// SPDX-License-Identifier: Apache-2.0
export { openAccess, type ScannerAccess } from './access.ts';
export { Grant, type GrantRequest } from './grant.ts';
export { parseGrantKubeconfig } from './kubeconfig.ts';
export type { GrantListener } from './maker.ts';
export { toNotRevoked } from './not-revoked.ts';
export { type GrantObject, managedBy, runLabel, scannerRules, toPermissions } from './objects.ts';
export { type GrantScope, operatorPermissions, operatorRules, requirePermissions, roleText } from './operator.ts';
export { type GrantPreview, previewGrant } from './preview.ts';
export { objectText, revokeObjects, verifyPowerless } from './revoke.ts';
export { findLeftovers, type Leftover, type SweepRequest, sweep } from './sweep.ts';
