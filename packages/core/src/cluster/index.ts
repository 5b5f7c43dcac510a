// SPDX-License-Identifier: Apache-2.0
export { isAllowed, missingPermissions, type Permission, permissionText } from './access-review.ts';
export { type Answer, type ApiRequest, apiPath, parseAnswer, parseJson, parseStatus, toRefusal } from './answer.ts';
export { Cluster } from './cluster.ts';
export { type Connection, type ConnectOptions, connect, type Token } from './connect.ts';
export { type ExecEnd, ExecStream, type ExecTarget, openExec } from './exec-stream.ts';
export { type RetryOptions, Transient, withRetry } from './retry.ts';
export { knownVersion, type ServerVersion, serverVersion } from './version.ts';
