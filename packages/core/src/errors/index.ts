// SPDX-License-Identifier: Apache-2.0
export { catalogue, type ErrorCode, type FailureExit } from './catalogue.ts';
export { isScanError, ScanError, toMessage, toScanError } from './scan-error.ts';
