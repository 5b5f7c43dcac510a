// SPDX-License-Identifier: Apache-2.0
export { isAllowed, missingPermissions, type Permission, permissionText } from './access-review.ts';
export { type Answer, apiPath, parseAnswer, parseJson, parseStatus, toRefusal } from './answer.ts';
export { Cluster } from './cluster.ts';
export { type Connection, type ConnectOptions, connect, type Token } from './connect.ts';
export { type ExecEnd, ExecStream, type ExecTarget, openExec } from './exec-stream.ts';
export { Transient, withRetry } from './retry.ts';
export { type HeldRule, heldRules } from './rules-review.ts';
export { unlessAborted } from './unless-aborted.ts';
export { knownVersion, serverVersion } from './version.ts';
