// SPDX-License-Identifier: Apache-2.0
import type { FindingSeverity } from './finding.ts';
import type { ComparedFinding } from './run.ts';

type SeverityCounts = Record<FindingSeverity, number>;

export const noCounts = (): SeverityCounts => ({ critical: 0, high: 0, medium: 0, low: 0, none: 0, unknown: 0 });

/** Whether it counts: neither gone nor excused. */
export const isOpen = ({ status }: ComparedFinding): boolean => status !== 'fixed' && status !== 'waived';
export const isNew = ({ status }: ComparedFinding): boolean => status === 'new' || status === 'returned';

/** What is open, by severity. */
export function severityCounts(rows: readonly ComparedFinding[]): SeverityCounts {
  const counts = noCounts();
  for (const row of rows) if (isOpen(row)) counts[row.finding.severity]++;
  return counts;
}
