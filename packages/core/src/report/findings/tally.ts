// SPDX-License-Identifier: Apache-2.0
import {
  type ComparedFinding,
  type Finding,
  type FindingStatus,
  findingSeverities,
  findingStatuses,
} from '../../findings/index.ts';
import { shortLine } from '../text.ts';
import { byText } from '../words.ts';
import type { FindingsModel, ShownSource } from './model.ts';

export function statusCounts(rows: readonly ComparedFinding[]): Record<FindingStatus, number> {
  const counts = { new: 0, returned: 0, unsure: 0, known: 0, waived: 0, fixed: 0 };
  for (const { status } of rows) counts[status]++;
  return counts;
}

/** Worst first; of equal ones what is new, then by rule and place. */
export function worstFirst(rows: readonly ComparedFinding[]): ComparedFinding[] {
  return rows.toSorted(
    (a, b) =>
      findingSeverities.indexOf(a.finding.severity) - findingSeverities.indexOf(b.finding.severity) ||
      findingStatuses.indexOf(a.status) - findingStatuses.indexOf(b.status) ||
      byText(a.finding.rule, b.finding.rule) ||
      byText(a.finding.fingerprint, b.finding.fingerprint),
  );
}

/** The verdict in one word. */
export function verdictOf({ exit }: FindingsModel): 'pass' | 'fail' | 'error' {
  if (exit === 0) return 'pass';
  return exit === 3 ? 'fail' : 'error';
}

/** The look that lies farthest back: a source is as old as the oldest of its files. */
export function checkedAt({ files }: ShownSource): string | undefined {
  const known = files.flatMap(file => (file.checkedAt === undefined ? [] : [file.checkedAt]));
  return known.length < files.length ? undefined : known.toSorted((a, b) => Date.parse(a) - Date.parse(b))[0];
}

const hoursOf = (source: ShownSource, at: string): number =>
  (Date.parse(at) - Date.parse(checkedAt(source) ?? '')) / 3_600_000;

/** A look of a week ago says little of today; where less is too old, `max-age` says so. */
export const isOld = (source: ShownSource, at: string): boolean => hoursOf(source, at) >= 7 * 24;

/** `5 h`, `3 days`; undefined where the source does not say when it looked. */
export function ageText(source: ShownSource, at: string): string | undefined {
  const hours = hoursOf(source, at);
  if (Number.isNaN(hours)) return undefined;
  if (hours < 1) return 'under 1 h';
  return hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} days`;
}

/** Tool, version and database, as far as they are told. */
export function toolText({ tool, files }: ShownSource): string {
  const told = files.map(file => [file.tool, file.version, file.database].filter(Boolean).join(' '));
  return [...new Set(told)].filter(Boolean).slice(0, 5).join(', ') || tool;
}

/** Where in its target a finding is. */
export function placeText({ place: { path, resource, package: name, line } }: Finding): string {
  return [name, resource, path === undefined || line === undefined ? path : `${path}:${line}`]
    .filter(Boolean)
    .join(' ');
}

/** `1.0 → 1.1`, `1.0, no fix`. */
export function versionText({ installed = '', fixed, fixState }: Finding): string {
  if (installed === '' && fixed === undefined) return '';
  if (fixed !== undefined && fixed !== '') return `${installed} → ${fixed}`;
  return fixState === 'unknown' ? installed : `${installed}, ${fixState === 'fixed' ? 'fixed' : 'no fix'}`;
}

/** One sentence about a finding, for readers that show no more. */
export function sentence({ finding, status, because }: ComparedFinding): string {
  const where = [finding.target, placeText(finding)].filter(Boolean).join(' ');
  const versions = versionText(finding);
  const parts = [
    finding.title === '' ? finding.rule : finding.title,
    versions === '' ? '' : ` (${versions})`,
    ` in ${where}`,
    `; ${status}${because === '' ? '' : `, ${because}`}`,
    `; reported by ${reportersText(finding)}`,
  ];
  return shortLine(parts.join(''), 2000);
}

export const reportersText = ({ reportedBy }: Finding): string =>
  reportedBy
    .slice(0, 10)
    .map(({ tool, source, count }) => `${tool} (${source}${count === 1 ? '' : `, ${count} times`})`)
    .join(', ');
