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
type Line = Partial<Record<(typeof columns)[number], string | number>>;

/** One line per control per target, RFC 4180; a target that was not judged has one line with its error code. */
export function renderCsv(model: ReportModel, options: { byteOrderMark?: boolean } = {}): string {
  const lines = toViews(model).flatMap(view => {
    const place = placeOf(view);
    return view.trouble === undefined
      ? view.rows.map(row => ({ ...place, ...controlOf(row) }))
      : [{ ...place, profile: view.profile, status: view.trouble.code, message: view.trouble.message }];
  });
  const text = [columns.join('","'), ...lines.map(line => columns.map(name => field(line[name])).join('","'))]
    .map(line => `"${line}"\r\n`)
    .join('');
  return options.byteOrderMark === true ? `\uFEFF${text}` : text;
}

function placeOf({ target, name }: OutcomeView): Line {
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

function controlOf(row: Row): Line {
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

function waiverOf({ waiver }: Row): Line {
  if (waiver === undefined) return {};
  const { state, expires = '', owner = '', reason } = waiver;
  return {
    waiver_expires: state === 'expired' ? `${expires} (expired)` : expires,
    waiver_owner: owner,
    waiver_reason: reason,
  };
}

// Excel keeps no more of a cell.
const mostCharacters = 32_767;

function field(value: string | number | undefined): string {
  const text = cleanText(`${value ?? ''}`);
  // Spreadsheets run a cell that begins so as a formula.
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return cut(inert, mostCharacters - 40).replaceAll('"', '""');
}
