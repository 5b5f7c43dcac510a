// SPDX-License-Identifier: Apache-2.0

export interface Pattern {
  /** Part of every text that matches: most texts hold none of these words, and one search tells. */
  hint: string;
  matches: RegExp;
  by?: string;
}
