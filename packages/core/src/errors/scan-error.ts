// SPDX-License-Identifier: Apache-2.0
import { catalogue, type ErrorCode, type FailureExit } from './catalogue.ts';

// A registered symbol instead of `instanceof`: a second copy of this module (a bundle beside the package) must agree.
const brand = Symbol.for('cinc-scan.error');

interface Details {
  cause?: unknown;
  /** Replaces the catalogue's remedy where a more exact one is known. */
  remedy?: string;
}

/** The one error class: what happened to which object (message), the closed code, and what to do about it. */
export class ScanError extends Error {
  readonly [brand] = true;
  override readonly name = 'ScanError';
  readonly code: ErrorCode;
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.remedy = details.remedy ?? catalogue[code].remedy;
  }

  get exit(): FailureExit {
    return catalogue[this.code].exit;
  }
}

export function isScanError(value: unknown): value is ScanError {
  return typeof value === 'object' && value !== null && brand in value;
}

/** Keeps a ScanError as it is; anything else becomes the given code with the original as its cause. */
export function toScanError(thrown: unknown, code: ErrorCode, message: string): ScanError {
  return isScanError(thrown) ? thrown : new ScanError(code, `${message}: ${toMessage(thrown)}`, { cause: thrown });
}

/** The text of anything thrown, one line. */
export function toMessage(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
