// SPDX-License-Identifier: Apache-2.0
import type { Reason } from './reasons.ts';

/** Bounds by their flat path (`failed.high.max`), each a number or a list of control ids. */
export interface Threshold {
  bounds: Map<string, number | string[]>;
  /** Keys that `saf generate threshold` writes and SAF never reads. */
  notEnforced: string[];
}

export interface Problem {
  reason: Reason;
  message: string;
}

export interface Refused {
  kind: 'refused';
  reason: Reason;
  problems: Problem[];
}

export type ParsedThreshold = { kind: 'threshold'; threshold: Threshold } | Refused;

export interface ThresholdOptions {
  strict?: boolean;
}

/** One key of a threshold, flattened. */
export type ThresholdField = [path: string, value: unknown];

// The first of these that occurs is the reason; every problem is listed all the same.
const precedence: readonly Reason[] = [
  'spec-unreadable',
  'spec-syntax',
  'spec-not-mapping',
  'spec-unknown-key',
  'spec-value',
  'spec-conflict',
  'spec-empty',
];

export function refuse(...problems: Problem[]): Refused {
  const reason = precedence.find(one => problems.some(problem => problem.reason === one)) ?? 'spec-syntax';
  return { kind: 'refused', reason, problems };
}
