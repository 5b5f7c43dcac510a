// SPDX-License-Identifier: Apache-2.0

import { ScanError } from '../errors/index.ts';
import type { Audited, ControlStatus } from '../outcome/index.ts';
import { waiverText } from './junit-suites.ts';
import type { ReportModel } from './model.ts';
import { controlText, type Row, type ShownTarget, shownResults, toShownTarget } from './rows.ts';
import { severityWords } from './severity-words.ts';
import { shortLine } from './text.ts';
import { type OutcomeView, toViews } from './views.ts';
import { listed } from './words.ts';
import { block, element, xmlDocument, xmlText } from './xml.ts';

const statusNames = {
  passed: 'NotAFinding',
  failed: 'Open',
  error: 'Not_Reviewed',
  skipped: 'Not_Reviewed',
  no_impact: 'Not_Applicable',
} as const satisfies Record<ControlStatus, string>;

export interface Checklist {
  outcome: Audited;
  text: string;
}

/** DISA checklists, one a target; refused for controls that are of no STIG. */
export function renderCkl(model: ReportModel): Checklist[] {
  const views = toViews(model).filter(view => view.trouble === undefined);
  refuseWithoutStig(views.flatMap(view => view.rows));
  return views.flatMap(view => {
    const { outcome } = view.judged;
    return outcome.kind === 'audited' ? [{ outcome, text: renderOne(view, toShownTarget(outcome.target)) }] : [];
  });
}

const needed = ['gid', 'rid', 'stig_id'] as const;

function refuseWithoutStig(rows: Row[]): void {
  const without = rows.filter(row => needed.some(name => tag(row, name) === ''));
  if (without.length === 0) return;
  const ids = listed([...new Set(without.map(row => row.id))], 10);
  throw new ScanError('USAGE', `The report ckl needs the tags ${needed.join(', ')} on every control; without: ${ids}`, {
    remedy: 'Use a profile made from a STIG, or another report: markdown, csv and html take any profile.',
  });
}

function tag(row: Row, name: string): string {
  const value = row.control.tags[name];
  return typeof value === 'string' || typeof value === 'number' ? shortLine(`${value}`, 500) : '';
}

function renderOne(view: OutcomeView, target: ShownTarget): string {
  const stigs = [...new Set(view.rows.map(row => row.profile))].map(profile => {
    const rows = view.rows.filter(row => row.profile === profile);
    return block('iSTIG', {}, [stigInfo(rows, profile), ...rows.map(row => vulnerability(row))]);
  });
  return xmlDocument(block('CHECKLIST', {}, [asset(target), block('STIGS', {}, stigs)]));
}

const leaf = (name: string, text: string) => element(name, {}, [xmlText(text)]);

/** Tools know an asset by it from one import to the next, so it is the workload's: pods come and go. */
function hostName({ cluster, namespace, owner, container }: ShownTarget): string {
  return [cluster, namespace, `${owner.kind.toLowerCase()}-${owner.name}`, container]
    .join('.')
    .replaceAll(/[/\s]/g, '_');
}

function asset(target: ShownTarget): string {
  return block('ASSET', {}, [
    leaf('ROLE', 'None'),
    leaf('ASSET_TYPE', 'Computing'),
    leaf('HOST_NAME', hostName(target)),
    leaf('HOST_IP', ''),
    leaf('HOST_MAC', ''),
    leaf('HOST_FQDN', ''),
    leaf('TARGET_COMMENT', `${target.identity} pod ${target.pod} ${target.imageDigest ?? target.image}`),
    leaf('TECH_AREA', ''),
    leaf('TARGET_KEY', ''),
    leaf('WEB_OR_DATABASE', 'false'),
    leaf('WEB_DB_SITE', ''),
    leaf('WEB_DB_INSTANCE', ''),
  ]);
}

/** All names that STIG Viewer writes, in its order: importers rely on each (https://github.com/NUWCDIVNPT/stig-manager). */
function stigInfo(rows: Row[], profile: string): string {
  const [first] = rows;
  const { title, summary } = described(first, profile);
  const data: [string, string][] = [
    ['version', first?.profileVersion ?? ''],
    ['classification', ''],
    ['customname', ''],
    // Of the benchmark, where a control tells it: tools find their own copy by it.
    ['stigid', tagOf(first, ['stigid', 'benchmark_id', 'benchmark']) || profile],
    ['description', summary],
    ['filename', ''],
    ['releaseinfo', tagOf(first, ['releaseinfo', 'release_info'])],
    ['title', tagOf(first, ['stig_title', 'benchmark_title']) || title],
    ['uuid', ''],
    ['notice', ''],
    ['source', ''],
  ];
  return block(
    'STIG_INFO',
    {},
    data.map(([name, text]) => element('SI_DATA', {}, [leaf('SID_NAME', name), leaf('SID_DATA', text)])),
  );
}

function described(row: Row | undefined, profile: string): { title: string; summary: string } {
  const known = row?.outcome.hdf.profiles.find(({ name }) => shortLine(name, 200) === profile);
  return { title: shortLine(known?.title ?? '', 500) || profile, summary: shortLine(known?.summary ?? '', 2000) };
}

const tagOf = (row: Row | undefined, names: string[]): string =>
  row === undefined ? '' : (names.map(name => tag(row, name)).find(text => text !== '') ?? '');

function vulnerability(row: Row): string {
  const data: [string, string][] = [
    ['Vuln_Num', tag(row, 'gid')],
    ['Severity', severityWords[row.severity].checklist],
    ['Group_Title', tag(row, 'gtitle') || tag(row, 'gid')],
    ['Rule_ID', tag(row, 'rid')],
    ['Rule_Ver', tag(row, 'stig_id')],
    ['Rule_Title', row.title],
    ['Vuln_Discuss', controlText(row, 'desc')],
    ['Check_Content', controlText(row, 'check')],
    ['Fix_Text', controlText(row, 'fix')],
    ...row.cci.map((cci): [string, string] => ['CCI_REF', cci]),
  ];
  return block('VULN', {}, [
    ...data.map(([name, text]) =>
      element('STIG_DATA', {}, [leaf('VULN_ATTRIBUTE', name), leaf('ATTRIBUTE_DATA', text)]),
    ),
    leaf('STATUS', statusNames[row.status]),
    leaf('FINDING_DETAILS', findingDetails(row)),
    leaf('COMMENTS', comments(row)),
    leaf('SEVERITY_OVERRIDE', ''),
    leaf('SEVERITY_JUSTIFICATION', ''),
  ]);
}

function findingDetails(row: Row): string {
  const { results, leftOut } = shownResults(row, 'all');
  const lines = results.map(
    ({ status, description, message }) => `${status}: ${[description, message].join(' ').trim()}`,
  );
  return [...lines, ...(leftOut > 0 ? [`(${leftOut} more results in the result file)`] : [])].join('\n');
}

function comments(row: Row): string {
  const waiver = row.waiver === undefined ? [] : [`Waiver: ${waiverText(row)}`];
  const error = row.status === 'error' ? [`Could not be evaluated: ${row.message}`] : [];
  return [...error, ...waiver].join('\n');
}
