// SPDX-License-Identifier: Apache-2.0
import type { ComparedFinding } from '../../findings/index.ts';
import { csvLine } from '../csv.ts';
import type { FindingsModel, Pieces, ShownSource } from './model.ts';
import { reportersText } from './tally.ts';

const columns = [
  'status',
  'severity',
  'area',
  'kind',
  'rule',
  'title',
  'target',
  'path',
  'line',
  'resource',
  'package',
  'installed',
  'fixed',
  'fix_state',
  'because',
  'first_seen',
  'reported_by',
  'aliases',
  'nist',
  'refs',
  'fingerprint',
] as const;
type Line = Partial<Record<(typeof columns)[number], string | number>>;

/** A line for each finding, RFC 4180; a source that did not look has one with its error code. */
export function* renderFindingsCsv({ sources, rows }: FindingsModel): Pieces {
  yield csvLine(columns);
  for (const source of sources) for (const line of troubles(source)) yield toLine(line);
  for (const row of rows) yield toLine(ofFinding(row));
}

const toLine = (line: Line): string => csvLine(columns.map(name => line[name]));

const troubles = ({ id, area, target, problems }: ShownSource): Line[] =>
  problems.map(({ code, text, file }) => ({
    status: code,
    area,
    title: text,
    target,
    path: file,
    reported_by: id,
  }));

const ofFinding = ({ finding, status, because, firstSeen }: ComparedFinding): Line => ({
  status,
  severity: finding.severity,
  area: finding.area,
  kind: finding.kind,
  rule: finding.rule,
  title: finding.title,
  target: finding.target,
  path: finding.place.path ?? '',
  line: finding.place.line ?? '',
  resource: finding.place.resource ?? '',
  package: finding.place.package ?? '',
  installed: finding.installed ?? '',
  fixed: finding.fixed ?? '',
  fix_state: finding.fixState,
  because,
  first_seen: firstSeen,
  reported_by: reportersText(finding),
  aliases: finding.aliases.join(' '),
  nist: finding.nist.join(' '),
  refs: finding.refs.join(' '),
  fingerprint: finding.fingerprint,
});
