// SPDX-License-Identifier: Apache-2.0
import type { Severity } from '../outcome/index.ts';

interface SeverityWords {
  /** For people. */
  name: string;
  codequality: 'blocker' | 'critical' | 'major' | 'minor' | 'info';
  checklist: 'high' | 'medium' | 'low';
  annotation: 'error' | 'warning' | 'notice';
  sarif: 'error' | 'warning' | 'note';
  /** The range of SARIF's `security-severity` that GitHub shows as this severity. */
  score?: readonly [least: number, most: number];
}

/** What each format calls a severity. */
export const severityWords = {
  critical: {
    name: 'Critical',
    codequality: 'blocker',
    checklist: 'high',
    annotation: 'error',
    sarif: 'error',
    score: [9.1, 10],
  },
  high: {
    name: 'High',
    codequality: 'critical',
    checklist: 'high',
    annotation: 'error',
    sarif: 'error',
    score: [7, 8.9],
  },
  medium: {
    name: 'Medium',
    codequality: 'major',
    checklist: 'medium',
    annotation: 'warning',
    sarif: 'warning',
    score: [4, 6.9],
  },
  low: {
    name: 'Low',
    codequality: 'minor',
    checklist: 'low',
    annotation: 'notice',
    sarif: 'note',
    score: [0.1, 3.9],
  },
  none: { name: 'None', codequality: 'info', checklist: 'low', annotation: 'notice', sarif: 'note' },
} as const satisfies Record<Severity, SeverityWords>;
