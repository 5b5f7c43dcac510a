// SPDX-License-Identifier: Apache-2.0
import type { FindingWaiver, Passed, RawFinding } from '@cinc-scan/core';

/** Everything that keeps a source from having looked, with the code that it is reported under. */
export const notLookedCodes = {
  missing: 'SOURCE_MISSING',
  unreadable: 'SOURCE_UNREADABLE',
  'wrong-tool': 'SOURCE_WRONG_TOOL',
  'wrong-target': 'SOURCE_WRONG_TARGET',
  'not-looked': 'SOURCE_NOT_LOOKED',
  unproven: 'SOURCE_UNPROVEN',
  contradiction: 'SOURCE_CONTRADICTS',
  incomplete: 'SOURCE_INCOMPLETE',
  stale: 'SOURCE_STALE',
  failed: 'SOURCE_FAILED',
} as const;
export type NotLookedReason = keyof typeof notLookedCodes;

/**
 * What the user may vouch for, since no file can show it. `empty`: that a scanner which found nothing had something to look
 * with; `end`: that a text without a mark of its end was not cut off; `limits`: that nothing lay beyond the scanner's limits.
 */
export const doubts = ['empty', 'end', 'limits'] as const;
export type Doubt = (typeof doubts)[number];

export interface Problem {
  reason: NotLookedReason;
  /** What happened; quotes nothing that a scanner may have found. */
  text: string;
  doubt?: Doubt | undefined;
}

/** What a result says of itself. */
export interface About {
  /** The tool as fingerprints name it. */
  tool: string;
  version: string | undefined;
  /** Its signatures or advisories, where it tells. */
  database?: string | undefined;
  /** What it says it looked at, in its own words. */
  target: string | undefined;
  /** When it looked, ISO 8601. */
  checkedAt: string | undefined;
  /** The benchmark, the linters, the major version: what was looked for. */
  ruleset: string;
}

interface Results {
  about: About;
  findings: RawFinding[];
  passes: Passed[];
  /** Rules that were not evaluated. */
  unchecked: string[];
  /** VEX statements. */
  statements: FindingWaiver[];
  warnings: string[];
}

export type Looked = Results & { kind: 'looked' };

/** It did not look, or not at all of it. What it found all the same are findings; what it did not find means nothing. */
export type NotLooked = Results & { kind: 'not-looked'; problems: [Problem, ...Problem[]] };

export type Reading = Looked | NotLooked;
