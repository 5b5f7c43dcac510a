// SPDX-License-Identifier: Apache-2.0
import type { RawFinding } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import { at, type Fields, has, numberAt, quoted, someText, textAt } from '../values.ts';

// https://github.com/fossas/fossa-cli: exit code 1 is for issues and for every failure.
export const fossa: Reader = {
  tool: 'fossa',
  title: 'FOSSA',
  framing: 'one',
  exits: [0, 1],
  fits: ({ document }) => has(document, 'count', 'issues', 'status'),
  read: ({ document }, journal) => {
    if (textAt(document, 'status') !== 'SCANNED')
      journal.problem('not-looked', `the status is ${quoted(textAt(document, 'status'))}, not SCANNED`);
    const issues = journal.needed(at(document, 'issues'), 'issues');
    const count = numberAt(document, 'count');
    if (count === undefined) journal.problem('unreadable', 'count is not a number');
    else if (count !== issues.length)
      journal.problem('contradiction', `it counts ${count} issues and lists ${issues.length}`);
    for (const issue of issues) if (issue['resolved'] !== true) journal.findings.push(toFinding(issue, journal));
    const revision = at(document, 'summary', 'revision');
    return {
      tool: 'fossa',
      version: undefined,
      target: someText(revision, 'projectTitle'),
      checkedAt: undefined,
      ruleset: 'fossa',
    };
  },
};

const kinds: Readonly<Record<string, RawFinding['kind']>> = {
  vulnerability: 'vulnerability',
  policy_conflict: 'licence',
  policy_flag: 'licence',
  unlicensed_dependency: 'licence',
};

function toFinding(issue: Fields, journal: Journal): RawFinding {
  const type = textAt(issue, 'type');
  const kind = (Object.hasOwn(kinds, type) ? kinds[type] : undefined) ?? 'misconfiguration';
  const { locator, name, version } = partsOf(textAt(issue, 'revisionId'));
  const named = someText(issue, 'cve') ?? someText(issue, 'rule', 'licenseId') ?? '';
  if (type === '') journal.problem('unreadable', 'an issue has no type');
  return {
    kind,
    rule: kind === 'vulnerability' ? named || 'unidentified' : type,
    aliases: [],
    title: textAt(issue, 'title'),
    rating: journal.rating(textAt(issue, 'priorityString'), 'fossa'),
    place: kind === 'vulnerability' ? { package: name } : { resource: locator },
    mark: kind === 'vulnerability' ? undefined : named,
    installed: version,
    fixed: someText(issue, 'fixedIn'),
    refs: [textAt(issue, 'issueDashURL')].filter(Boolean),
  };
}

/** `mvn+org.apache.struts:struts-core$2.3.20`: fetcher, package, version. */
function partsOf(revision: string): { locator: string; name: string; version: string | undefined } {
  const [locator = '', ...version] = revision.split('$');
  return { locator, name: locator.replace(/^[a-z]+\+/, ''), version: version.join('$') || undefined };
}
