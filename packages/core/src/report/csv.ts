// SPDX-License-Identifier: Apache-2.0
import type { ReportModel } from './model.ts';
import type { Row } from './rows.ts';
import { cleanText, cut } from './text.ts';
import { type OutcomeView, toViews } from './views.ts';

const columns = [
  'cluster',
  'namespace',
  'kind',
  'workload',
  'pod',
  'container',
  'image',
  'image_digest',
  'profile',
  'profile_version',
  'control',
  'title',
  'severity',
  'impact',
  'status',
  'waived',
  'waiver_expires',
  'waiver_owner',
  'waiver_reason',
  'nist',
  'cci',
  'passed',
  'failed',
  'skipped',
  'errors',
  'message',
  'source',
  'line',
  'started',
  'seconds',
] as const;
type CsvLine = Partial<Record<(typeof columns)[number], string | number>>;

/** One line per control per target, RFC 4180; a target that was not judged has one line with its error code. */
export function renderCsv(model: ReportModel, options: { byteOrderMark?: boolean } = {}): string {
  const lines = toViews(model).flatMap(view => {
    const place = placeOf(view);
    return view.trouble === undefined
      ? view.rows.map(row => ({ ...place, ...controlOf(row) }))
      : [{ ...place, profile: view.profile, status: view.trouble.code, message: view.trouble.message }];
  });
  const text = [csvLine(columns), ...lines.map(line => csvLine(columns.map(name => line[name])))].join('');
  return options.byteOrderMark === true ? `\uFEFF${text}` : text;
}

/** A line of quoted fields that no spreadsheet runs. */
export const csvLine = (fields: readonly (string | number | undefined)[]): string =>
  `"${fields.map(value => field(value)).join('","')}"\r\n`;

function placeOf({ target, name }: OutcomeView): CsvLine {
  if (target === undefined) return { workload: name };
  return {
    cluster: target.cluster,
    namespace: target.namespace,
    kind: target.owner.kind,
    workload: target.owner.name,
    pod: target.pod,
    container: target.container,
    image: target.image,
    image_digest: target.imageDigest ?? '',
  };
}

function controlOf(row: Row): CsvLine {
  return {
    profile: row.profile,
    profile_version: row.profileVersion,
    control: row.id,
    title: row.title,
    severity: row.severity,
    impact: row.impact,
    status: row.word,
    waived: row.waived ? 'yes' : 'no',
    ...waiverOf(row),
    nist: row.nist.join(' '),
    cci: row.cci.join(' '),
    passed: row.tally.passed,
    failed: row.tally.failed,
    skipped: row.tally.skipped,
    errors: row.tally.error,
    message: row.message,
    source: row.source?.ref ?? '',
    line: row.source?.line ?? '',
    started: row.started,
    seconds: row.seconds.toFixed(3),
  };
}

function waiverOf({ waiver }: Row): CsvLine {
  if (waiver === undefined) return {};
  const { state, expires = '', owner = '', reason } = waiver;
  return {
    waiver_expires: state === 'expired' ? `${expires} (expired)` : expires,
    waiver_owner: owner,
    waiver_reason: reason,
  };
}

// Spreadsheets run a cell that begins so, and some drop blanks before it or take the wide forms for the narrow ones:
// https://owasp.org/www-community/attacks/CSV_Injection
const formula = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\n]/u;
// Excel keeps no more of a cell.
const mostCharacters = 32_767;

function field(value: string | number | undefined): string {
  const text = cleanText(`${value ?? ''}`);
  const inert = formula.test(text) ? `'${text}` : text;
  return cut(inert, mostCharacters - 40).replaceAll('"', '""');
}
