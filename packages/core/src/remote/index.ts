// SPDX-License-Identifier: Apache-2.0
export { letGoAtServer, type ServerDeps, scanAtServer } from './scan-at-server.ts';
export { type ServerRequest, toServerRequest } from './server-request.ts';
export type { PendingScan } from './submission.ts';
