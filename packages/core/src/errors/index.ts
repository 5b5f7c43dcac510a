// SPDX-License-Identifier: Apache-2.0
export { catalogue, type ErrorCode } from './catalogue.ts';
export { exitCodes } from './exit-codes.ts';
export { hint, isNearly, nearest } from './nearest.ts';
export { isScanError, ScanError, toMessage, toScanError } from './scan-error.ts';
