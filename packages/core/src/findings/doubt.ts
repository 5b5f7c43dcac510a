// SPDX-License-Identifier: Apache-2.0
import type { Finding } from './finding.ts';
import type { Coverage, Look } from './look.ts';
import type { FindingState } from './state.ts';

interface Missing {
  finding: Finding;
  source: string;
  /** How the source looked when it last reported the finding. */
  seen: Coverage;
}

/** Why the look of a source does not show that a finding is gone; undefined if it does. */
export function absence({ finding, source, seen }: Missing, look: Look | undefined): string | undefined {
  if (look === undefined) return `${source} is no longer among the sources`;
  if (look.kind === 'not-looked') return `${source} did not look`;
  if (look.target !== seen.target) return `${source} looked at ${look.target}, and at ${seen.target} before`;
  if (look.scope !== seen.scope) return `${source} looked with another scope (${seen.scope} before, now ${look.scope})`;
  if (look.ruleset !== seen.ruleset) return changed(source, seen.ruleset, look.ruleset);
  if (look.unchecked.includes(finding.rule)) return `${source} did not check ${finding.rule} this time`;
  return undefined;
}

/**
 * Whether a finding that nobody knows may be a known one under another number: each of its reporters changed its ruleset. The
 * names of vulnerabilities are everybody's, so they do not change with a ruleset.
 */
export function isRenumbered(finding: Finding, state: FindingState, looks: readonly Look[]): string | undefined {
  if (finding.kind === 'vulnerability') return undefined;
  const changes = finding.reportedBy.map(({ source }) => {
    const before = state.looks[source];
    const look = looks.find(each => each.source === source);
    if (before === undefined || look === undefined || before.ruleset === look.ruleset) return undefined;
    return changed(source, before.ruleset, look.ruleset);
  });
  return changes.every(change => change !== undefined) ? changes[0] : undefined;
}

const changed = (source: string, before: string, now: string) =>
  `${source} looked with another ruleset (${before} before, now ${now})`;
