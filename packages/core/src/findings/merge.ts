// SPDX-License-Identifier: Apache-2.0
import type { Area, Finding, RawFinding, Reporter } from './finding.ts';
import { fingerprintOf } from './fingerprint.ts';
import { highestSeverity } from './severity.ts';

/** Whose results these are, and what they are about. */
export interface Attribution {
  source: string;
  tool: string;
  target: string;
  area: Area;
}

/** One reported finding as one of a source. */
export function toFinding(raw: RawFinding, { source, tool, target, area }: Attribution): Finding {
  const { rating, suppressed } = raw;
  return {
    fingerprint: fingerprintOf(raw, { tool, target }),
    area,
    kind: raw.kind,
    rule: raw.rule,
    aliases: [...raw.aliases],
    title: raw.title,
    severity: rating.severity,
    target,
    place: raw.place,
    installed: raw.installed,
    fixed: raw.fixed,
    fixState: raw.fixState ?? 'unknown',
    evidence: raw.evidence ?? '',
    reportedBy: [{ source, tool, count: 1, rating, suppressed }],
    nist: [...(raw.nist ?? [])],
    refs: [...(raw.refs ?? [])],
  };
}

/** Equal ones become one that names everybody who reported it; the order of the first ones is kept. */
export const mergeFindings = (findings: Iterable<Finding>): Finding[] =>
  mergeEqual(findings, ({ fingerprint }) => fingerprint, mergeTwo);

function mergeEqual<Item>(
  items: Iterable<Item>,
  keyOf: (item: Item) => string,
  merge: (one: Item, other: Item) => Item,
) {
  const merged = new Map<string, Item>();
  for (const item of items) {
    const earlier = merged.get(keyOf(item));
    merged.set(keyOf(item), earlier === undefined ? item : merge(earlier, item));
  }
  return [...merged.values()];
}

function mergeTwo(one: Finding, other: Finding): Finding {
  const reportedBy = mergeReporters([...one.reportedBy, ...other.reportedBy]);
  return {
    ...one,
    aliases: union(one.aliases, other.aliases),
    title: one.title === '' ? other.title : one.title,
    severity: highestSeverity(reportedBy.map(({ rating }) => rating.severity)),
    installed: one.installed ?? other.installed,
    fixed: one.fixed ?? other.fixed,
    fixState: one.fixState === 'unknown' ? other.fixState : one.fixState,
    evidence: one.evidence === '' ? other.evidence : one.evidence,
    reportedBy,
    nist: union(one.nist, other.nist),
    refs: union(one.refs, other.refs),
  };
}

const mergeReporters = (reporters: Reporter[]): Reporter[] =>
  mergeEqual(reporters, ({ source }) => source, sameReporter);

/** Suppressed only if each of its copies is: one that nobody excused counts. */
function sameReporter(one: Reporter, other: Reporter): Reporter {
  const rating = highestSeverity([one.rating.severity, other.rating.severity]) === one.rating.severity ? one : other;
  const isSuppressed = one.suppressed !== undefined && other.suppressed !== undefined;
  return {
    ...one,
    count: one.count + other.count,
    rating: rating.rating,
    suppressed: isSuppressed ? one.suppressed : undefined,
  };
}

const mostOfAList = 50;

const union = (one: readonly string[], other: readonly string[]): string[] =>
  [...new Set([...one, ...other])].slice(0, mostOfAList);
