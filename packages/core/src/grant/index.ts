// SPDX-License-Identifier: Apache-2.0
export { openAccess, type ScannerAccess } from './access.ts';
export { Grant, type GrantRequest } from './grant.ts';
export { type GrantObject, managedBy, runLabel, scannerRules, toPermissions } from './objects.ts';
export { operatorPermissions, requirePermissions, roleText } from './operator.ts';
export { objectText, revokeObjects } from './revoke.ts';
