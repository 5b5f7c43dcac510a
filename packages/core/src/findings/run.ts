// SPDX-License-Identifier: Apache-2.0
import type { Finding } from './finding.ts';
import type { Look } from './look.ts';

export const findingStatuses = ['new', 'returned', 'unsure', 'known', 'waived', 'fixed'] as const;
export type FindingStatus = (typeof findingStatuses)[number];

/** One finding and what became of it since the runs before. */
export interface ComparedFinding {
  finding: Finding;
  status: FindingStatus;
  /** Why, where that is not plain: what keeps a missing finding from being fixed, or the waiver. */
  because: string;
  firstSeen: string;
  /** Whether an earlier run has told the same. */
  isTold: boolean;
}

/** One run over all sources of a scope. */
export interface FindingRun {
  scope: string;
  /** When it began, ISO 8601. */
  at: string;
  looks: readonly Look[];
  /** Merged: no two have one fingerprint. */
  findings: readonly Finding[];
  /** Why a finding does not count, by its fingerprint. */
  waived: ReadonlyMap<string, string>;
}
