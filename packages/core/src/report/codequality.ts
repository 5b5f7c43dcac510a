// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type Anchors, anchorOf, noAnchors } from './anchor.ts';
import { toGroups } from './groups.ts';
import { toJson } from './json.ts';
import { waiverText } from './junit-suites.ts';
import type { ReportModel } from './model.ts';
import { fingerprint } from './rows.ts';
import { severityWords } from './severity-words.ts';
import { shortLine } from './text.ts';
import { toViews } from './views.ts';

interface Issue {
  description: string;
  check_name: string;
  fingerprint: string;
  severity: string;
  location: { path: string; lines: { begin: number } };
}

/** GitLab's Code Quality: failed and errored controls, and targets that were not judged. */
export function renderCodeQuality(model: ReportModel, anchors: Anchors = noAnchors): string {
  const issues = toGroups(toViews(model)).flatMap(({ identity, controls, troubles }): Issue[] => [
    ...controls
      .filter(({ row }) => row.status === 'failed' || row.status === 'error')
      .map(({ row, pods }) => {
        const prefix = row.status === 'error' ? 'could not be evaluated: ' : '';
        const waiver = row.waiver === undefined ? '' : ` (waiver: ${waiverText(row)})`;
        return {
          description: shortLine(`${row.title}: ${prefix}${row.message}${waiver} in ${pods.join(', ')}`, 2000),
          check_name: row.id,
          fingerprint: fingerprint(row),
          severity: severityWords[row.severity].codequality,
          location: toLocation(anchorOf(anchors, row)),
        };
      }),
    ...troubles.map(({ view, trouble }, index) => ({
      description: shortLine(`${view.name} was not judged: ${trouble.code}: ${trouble.message}`, 2000),
      check_name: trouble.code,
      fingerprint: troubleFingerprint(identity, index),
      severity: 'blocker' as const,
      location: toLocation(anchors.fallback),
    })),
  ]);
  return toJson(issues);
}

const toLocation = ({ path, line }: { path: string; line: number }) => ({ path, lines: { begin: line } });

function troubleFingerprint(identity: string, index: number): string {
  return createHash('sha256').update(`not judged\n${index}\n${identity}`).digest('hex');
}
