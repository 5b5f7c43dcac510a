// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from '../errors/index.ts';
import type { Audited, Unreached } from '../outcome/index.ts';
import type { Comparison } from './baseline.ts';
import type { Judgement } from './judgement.ts';
import type { Reason } from './reasons.ts';

/**
 * The worst last. 2 (a baseline of no use) outranks 3, which a pipeline may tolerate; after a cancellation nothing else
 * was finished.
 */
export const exitRanks = [0, 3, 2, 4, 5, 129, 130, 143] as const;
export type ExitCode = (typeof exitRanks)[number];

/** Positive where the first is worse. */
export const compareExits = (one: ExitCode, other: ExitCode): number =>
  exitRanks.indexOf(one) - exitRanks.indexOf(other);

/** One outcome with what the gate said of it; an unreached target is never judged. */
export type Judged = JudgedAudit | Unjudged;

export interface JudgedAudit {
  outcome: Audited;
  judgement: Judgement;
  comparison: Comparison | undefined;
}

export interface Unjudged {
  outcome: Unreached;
  judgement: undefined;
  comparison: undefined;
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
  gate: {
    source: string;
    bounds: Record<string, number | string[]>;
    strict: boolean;
    /** Set where results are only converted: a verdict is shown, and decides nothing. */
    isUnasked?: true;
  };
  judged: Judged[];
}

/** A grant that could not be taken back is an error of the run, however good its findings; a failed engine is worse. */
export function withGrantLeft(verdict: Verdict, code: ErrorCode): Verdict {
  if (verdict.exit > 3) return verdict;
  return { ...verdict, verdict: 'error', reason: code, exit: 4, exitCode: 4 };
}
