// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Place, RawFinding } from './finding.ts';
import { stablePackagePath, stableTarget } from './stable.ts';

const version = 1;

export interface Origin {
  tool: string;
  target: string;
}

/**
 * The key of a finding between runs. No version, tag, digest, pod, address or line is part of it, and no text that an advisory
 * may reword. Vulnerabilities have names of their own, so scanners agree on them; rules of anything else are a tool's own.
 */
export function fingerprintOf(finding: RawFinding, { tool, target }: Origin): string {
  const isVulnerability = finding.kind === 'vulnerability';
  const rule = finding.ruleKey ?? finding.rule;
  const parts = [
    version,
    finding.kind,
    isVulnerability ? '' : tool,
    isVulnerability ? rule.toUpperCase() : rule,
    stableTarget(target),
    ...placeParts(finding.place, isVulnerability),
    finding.mark ?? '',
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function placeParts({ path = '', resource = '', package: name = '' }: Place, isVulnerability: boolean): string[] {
  return [isVulnerability ? stablePackagePath(path) : path, resource, name];
}
