// SPDX-License-Identifier: Apache-2.0
import type { Finding, Place, Rating, Reporter, Suppression } from '../../findings/index.ts';
import { shortLine } from '../text.ts';

/** Makes a single line of a text, of so many characters. */
export type Line = (text: string, limit: number) => string;

/**
 * A finding whose texts are single lines, bounded, and without control characters: everything in it comes from a file, and goes
 * to pages, tickets and terminals. The fingerprint is of the texts as they were.
 */
export function boundFinding(finding: Finding, line: Line = shortLine): Finding {
  return {
    ...finding,
    rule: boundRule(finding.rule, line),
    aliases: finding.aliases.slice(0, 50).map(alias => line(alias, 200)),
    title: line(finding.title, 300),
    target: line(finding.target, 500),
    place: boundPlace(finding.place, line),
    installed: maybe(finding.installed, line, 100),
    fixed: maybe(finding.fixed, line, 100),
    evidence: line(finding.evidence, 1000),
    reportedBy: finding.reportedBy.map(reporter => boundReporter(reporter, line)),
    nist: finding.nist.slice(0, 50).map(id => line(id, 60)),
    refs: finding.refs
      .filter(ref => isLink(ref))
      .slice(0, 10)
      .map(ref => line(ref, 500)),
  };
}

/** The name of a rule as findings carry it: a look that did not check it has to name it the same. */
export const boundRule = (rule: string, line: Line = shortLine): string => line(rule, 200);

const maybe = (text: string | undefined, line: Line, limit: number): string | undefined =>
  text === undefined ? undefined : line(text, limit);

const boundPlace = (place: Place, line: Line): Place => ({
  path: maybe(place.path, line, 500),
  resource: maybe(place.resource, line, 500),
  package: maybe(place.package, line, 200),
  purl: maybe(place.purl, line, 500),
  line: place.line !== undefined && Number.isSafeInteger(place.line) && place.line > 0 ? place.line : undefined,
});

const boundReporter = (reporter: Reporter, line: Line): Reporter => ({
  ...reporter,
  tool: line(reporter.tool, 100),
  rating: boundRating(reporter.rating, line),
  suppressed: reporter.suppressed === undefined ? undefined : boundSuppression(reporter.suppressed, line),
});

const boundRating = ({ severity, raw, source }: Rating, line: Line): Rating => ({
  severity,
  raw: line(raw, 100),
  source: line(source, 100),
});

const boundSuppression = ({ origin, reason }: Suppression, line: Line): Suppression => ({
  origin: line(origin, 200),
  reason: line(reason, 500),
});

/** Nothing that a click on a page could execute. */
function isLink(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
