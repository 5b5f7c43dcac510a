// SPDX-License-Identifier: Apache-2.0
import { type FindingSeverity, findingSeverities } from './finding.ts';

const order: readonly FindingSeverity[] = findingSeverities;

/** The highest that is known: a source without an opinion does not outweigh one that has one. */
export function highestSeverity(severities: readonly FindingSeverity[]): FindingSeverity {
  return order.find(severity => severities.includes(severity)) ?? 'unknown';
}

/** Negative where the first is worse. Unknown stands beside medium: nobody has said that it is less. */
export const bySeverity = (one: FindingSeverity, other: FindingSeverity): number => rank(one) - rank(other);

const ranks: Record<FindingSeverity, number> = { critical: 0, high: 1, medium: 2, unknown: 2, low: 3, none: 4 };
const rank = (severity: FindingSeverity): number => ranks[severity];

/** The qualitative scale of CVSS 3 and 4 (https://www.first.org/cvss/v3.1/specification-document#5). */
export function severityOfScore(score: number): FindingSeverity {
  if (!(score >= 0 && score <= 10)) return 'unknown';
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'none';
}

// Words of advisories and scanners; `important` and `moderate` are Red Hat's, `defcon1` is Clair 2's.
const words: Readonly<Record<string, FindingSeverity>> = {
  critical: 'critical',
  defcon1: 'critical',
  high: 'high',
  important: 'high',
  medium: 'medium',
  moderate: 'medium',
  low: 'low',
  minor: 'low',
  negligible: 'low',
  unimportant: 'low',
  none: 'none',
  info: 'none',
  informational: 'none',
  unknown: 'unknown',
};

/** What a tool's word means; undefined for a word that nobody has mapped. */
export function severityOfWord(word: string): FindingSeverity | undefined {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
