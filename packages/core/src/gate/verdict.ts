// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from '../errors/index.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Comparison } from './baseline.ts';
import type { Judgement } from './judgement.ts';
import type { Reason } from './reasons.ts';

export type ExitCode = 0 | 2 | 3 | 4 | 5 | 130 | 143;

/** One outcome with what the gate said of it; an unreached target is never judged. */
export interface Judged {
  outcome: Outcome;
  judgement: Judgement | undefined;
  comparison: Comparison | undefined;
}

/** The answer of a run. */
export interface Verdict {
  verdict: 'pass' | 'fail' | 'error';
  /** The worst reason: of the gate for 0 and 3, the code of the error otherwise. */
  reason: Reason | ErrorCode;
  /** What the verdict stands for, before `report-only`. */
  exit: ExitCode;
  /** What the process exits with: `report-only` turns 3, and nothing else, into 0. */
  exitCode: ExitCode;
  /** How the bounds came about: a file, an option, or the strictest gate for want of any. */
  gate: { source: string; bounds: Record<string, number | string[]>; strict: boolean };
  judged: Judged[];
}
