// SPDX-License-Identifier: Apache-2.0
import type { Finding, FindingSeverity } from './finding.ts';
import { coversPurl } from './purl.ts';
import { stableTarget } from './stable.ts';

/** What a waiver is about. */
export type WaiverKey =
  | { by: 'fingerprint'; fingerprint: string }
  | { by: 'rule'; tool: string; rule: string; target: string | undefined }
  /** A VEX statement: one vulnerability, under any of its names, in one package. */
  | { by: 'statement'; names: readonly string[]; purl: string };

export interface FindingWaiver {
  key: WaiverKey;
  reason: string;
  /** Where it stands: a file, a VEX document. */
  origin: string;
  expires: Date | undefined;
}

export interface AppliedWaivers {
  /** Why each waived finding does not count, by fingerprint. */
  waived: Map<string, string>;
  unused: FindingWaiver[];
  expired: FindingWaiver[];
  /** They name a critical or high finding and no end, so they do not apply to it. */
  endless: FindingWaiver[];
}

const severe: readonly FindingSeverity[] = ['critical', 'high'];

/** Which findings do not count. A waiver that does not apply is told, since somebody relies on it. */
export function applyWaivers(
  findings: readonly Finding[],
  waivers: readonly FindingWaiver[],
  now: Date,
): AppliedWaivers {
  const expired = waivers.filter(({ expires }) => expires !== undefined && expires <= now);
  const current = waivers.filter(waiver => !expired.includes(waiver));
  const used = new Set<FindingWaiver>();
  const endless = new Set<FindingWaiver>();
  const waived = new Map(findings.flatMap(finding => suppressionOf(finding)));
  const find = finderOf(current);
  for (const finding of findings) {
    for (const waiver of find(finding)) {
      if (needsEnd(waiver) && severe.includes(finding.severity)) endless.add(waiver);
      else waived.set(finding.fingerprint, `${waiver.origin}: ${waiver.reason}`);
      used.add(waiver);
    }
  }
  return { waived, unused: current.filter(waiver => !used.has(waiver)), expired, endless: [...endless] };
}

// The author of a VEX statement answers for it; a line in a file is soon forgotten.
const needsEnd = ({ key, expires }: FindingWaiver): boolean => key.by !== 'statement' && expires === undefined;

/** A finding that each of its reporters suppresses. */
function suppressionOf({ fingerprint, reportedBy }: Finding): [string, string][] {
  const reasons = reportedBy.map(({ suppressed }) => suppressed);
  const [first] = reasons;
  if (first === undefined || reasons.includes(undefined)) return [];
  return [[fingerprint, `${first.origin}: ${first.reason}`]];
}

/** Looked up by what a finding is called: 100,000 findings meet thousands of statements. */
function finderOf(waivers: readonly FindingWaiver[]): (finding: Finding) => FindingWaiver[] {
  const byName = new Map<string, FindingWaiver[]>();
  for (const waiver of waivers)
    for (const name of namesOf(waiver.key)) byName.set(name, [...(byName.get(name) ?? []), waiver]);
  return finding => {
    const names = new Set([finding.fingerprint, ...[finding.rule, ...finding.aliases].map(rule => rule.toUpperCase())]);
    const found = new Set([...names].flatMap(name => byName.get(name) ?? []));
    return [...found].filter(({ key }) => matches(key, finding));
  };
}

function namesOf(key: WaiverKey): readonly string[] {
  switch (key.by) {
    case 'fingerprint':
      return [key.fingerprint];
    case 'rule':
      return [key.rule.toUpperCase()];
    case 'statement':
      return [...new Set(key.names.map(name => name.toUpperCase()))];
  }
}

function matches(key: WaiverKey, finding: Finding): boolean {
  switch (key.by) {
    case 'fingerprint':
      return true;
    case 'rule':
      return (
        [finding.rule, ...finding.aliases].includes(key.rule) &&
        finding.reportedBy.every(({ tool }) => tool === key.tool) &&
        (key.target === undefined || stableTarget(key.target) === stableTarget(finding.target))
      );
    case 'statement':
      return finding.kind === 'vulnerability' && coversPurl(key.purl, finding.place.purl ?? '');
  }
}

/** A key as people write it: a fingerprint, `tool:rule` or `tool:rule@scheme:target`; undefined for anything else. */
export function parseWaiverKey(text: string): WaiverKey | undefined {
  if (/^[0-9a-f]{64}$/.test(text)) return { by: 'fingerprint', fingerprint: text };
  const match = /^([a-z][a-z0-9-]*):(.+?)(?:@([a-z]+:.+))?$/.exec(text);
  const [, tool, rule, target] = match ?? [];
  return tool === undefined || rule === undefined ? undefined : { by: 'rule', tool, rule, target };
}

/** A key as people write it, to name a waiver by. */
export function keyText(key: WaiverKey): string {
  switch (key.by) {
    case 'fingerprint':
      return key.fingerprint;
    case 'rule':
      return `${key.tool}:${key.rule}${key.target === undefined ? '' : `@${key.target}`}`;
    case 'statement':
      return `${key.names[0] ?? ''} in ${key.purl}`;
  }
}
