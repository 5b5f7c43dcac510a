// SPDX-License-Identifier: Apache-2.0

/** 2 usage, 4 target or access, 5 engine; 129, 130 and 143 after a signal. */
export type FailureExit = 2 | 4 | 5 | 129 | 130 | 143;

export interface CatalogueEntry {
  exit: FailureExit;
  /** What it means, for docs/errors.md. */
  meaning: string;
  /** What the reader can do, shown under every message. */
  remedy: string;
}
