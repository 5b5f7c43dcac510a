// SPDX-License-Identifier: Apache-2.0

import type { ControlStatus } from '../outcome/index.ts';
import { type Anchors, anchorOf, noAnchors } from './anchor.ts';
import { type GroupControl, type IdentityGroup, toGroups } from './groups.ts';
import { toJson } from './json.ts';
import { timestamp, waiverText } from './junit-suites.ts';
import type { ReportModel } from './model.ts';
import { fingerprint, type Row } from './rows.ts';
import { messageText, type SarifRule, toRules } from './sarif-rules.ts';
import { severityWords } from './severity-words.ts';
import { shorten } from './text.ts';
import { toViews } from './views.ts';
import { listed, plural } from './words.ts';

export interface SarifOptions {
  anchors?: Anchors;
  /** `all` adds controls that passed, were not reviewed or do not apply; GitHub would show them as alerts. */
  kinds?: 'fail' | 'all';
}

export interface SarifFile {
  text: string;
  truncated: boolean;
}

// GitHub's limits: 20 runs of a file, 25,000 results of a run, of which it shows 5,000.
const mostRuns = 20;
const mostResults = 5000;
const mostResultsOfFile = 25_000;
const schema = 'https://json.schemastore.org/sarif-2.1.0.json';
/** Category of a run that tells of failures alone; uploading it would close nothing and show nothing. */
export const noneCategory = 'cinc-scan/none/';

/** One run of a file, and how many results it has. */
interface SarifRun {
  body: Record<string, unknown>;
  results: number;
  truncated: boolean;
}

/** SARIF 2.1.0: one run per workload, in as many files as GitHub's limits ask for. */
export function renderSarif(model: ReportModel, options: SarifOptions = {}): SarifFile[] {
  const groups = toGroups(toViews(model));
  const complete = groups.filter(group => group.troubles.length === 0);
  const lost = groups.flatMap(group => troubleNotes(group));
  const runs = complete.map((group, index) => toRun(group, { model, options, notes: index === 0 ? lost : [] }));
  return toSarifFiles(runs.length > 0 ? runs : [noneRun(model, lost)]);
}

export const sarifHead = { version: '2.1.0', $schema: schema } as const;

const toSarifFiles = (runs: SarifRun[]): SarifFile[] =>
  sarifFiles(runs).map(part => ({
    text: toJson({ ...sarifHead, runs: part.map(run => run.body) }),
    truncated: part.some(run => run.truncated),
  }));

/** As many files as GitHub's limits ask for. */
export function sarifFiles<Run extends Pick<SarifRun, 'results'>>(runs: readonly Run[]): Run[][] {
  const files: Run[][] = [];
  let room = 0;
  for (const run of runs) {
    const file = files.at(-1);
    if (file === undefined || file.length >= mostRuns || run.results > room) {
      files.push([run]);
      room = mostResultsOfFile - run.results;
    } else {
      file.push(run);
      room -= run.results;
    }
  }
  return files;
}

interface Note {
  text: string;
  level: 'error' | 'warning' | 'note';
}

/**
 * An incomplete workload has no run: code scanning would take what one replica could not tell for fixed.
 */
function troubleNotes(group: IdentityGroup): Note[] {
  const found = group.controls.filter(({ row }) => row.status === 'failed' || row.status === 'error').length;
  const rest =
    group.controls.length === 0 ? '' : ` Its other results (${plural(found, 'finding')}) are in the result files.`;
  return group.troubles.map(({ view, trouble }) => ({
    level: 'error',
    text: `${view.name} (${group.identity}) was not judged: ${trouble.code}: ${trouble.message} ${trouble.hint}${rest}`,
  }));
}

interface RunContext {
  model: ReportModel;
  options: SarifOptions;
  notes: Note[];
}

function toRun(group: IdentityGroup, { model, options, notes }: RunContext): SarifRun {
  const findings = group.controls.filter(({ row }) => row.status === 'failed' || row.status === 'error');
  const others = options.kinds === 'all' ? group.controls.filter(control => !findings.includes(control)) : [];
  const shown = [...findings, ...others].slice(0, mostResults);
  const leftOut = findings.length + others.length - shown.length;
  const rules = toRules(shown);
  const all: Note[] = [
    ...notes,
    ...errorNotes(findings),
    ...(leftOut > 0
      ? [{ level: 'warning' as const, text: `${plural(leftOut, 'result')} of lower severity left out` }]
      : []),
  ];
  return {
    results: shown.length,
    truncated: leftOut > 0,
    body: {
      tool: { driver: toDriver(model, rules) },
      automationDetails: { id: `cinc-scan/${group.identity}/` },
      columnKind: 'utf16CodeUnits',
      invocations: [toInvocation(model, all)],
      results: shown.map((control, index) =>
        toResult(control, { rule: rules[index], index, anchors: options.anchors ?? noAnchors }),
      ),
    },
  };
}

function noneRun(model: ReportModel, notes: Note[]): SarifRun {
  const body = {
    tool: { driver: toDriver(model, []) },
    automationDetails: { id: noneCategory },
    columnKind: 'utf16CodeUnits',
    invocations: [toInvocation(model, notes)],
    results: [],
  };
  return { body, results: 0, truncated: false };
}

function toDriver({ tool }: ReportModel, rules: SarifRule[]): Record<string, unknown> {
  // Name and category identify an analysis: the name never changes.
  return { name: 'cinc-scan', semanticVersion: tool.version, rules: rules.map(rule => rule.body) };
}

const mostNotes = 100;

function errorNotes(findings: GroupControl[]): Note[] {
  const errors = findings.filter(({ row }) => row.status === 'error');
  return errors.slice(0, mostNotes).map(({ row }) => ({
    level: 'warning',
    text: `${row.id} could not be evaluated: ${shorten(row.message, 1000)}`,
  }));
}

function toInvocation(model: ReportModel, notes: Note[]): Record<string, unknown> {
  const start = timestamp(model.run.started);
  const end = timestamp(model.run.finished);
  return {
    executionSuccessful: notes.every(note => note.level !== 'error'),
    ...(start === undefined ? {} : { startTimeUtc: start }),
    ...(end === undefined ? {} : { endTimeUtc: end }),
    toolExecutionNotifications: notes.map(({ level, text }) => ({ level, message: { text: messageText(text, 2000) } })),
  };
}

const kinds = {
  failed: 'fail',
  error: 'fail',
  passed: 'pass',
  skipped: 'review',
  no_impact: 'notApplicable',
} as const satisfies Record<ControlStatus, string>;

interface Cited {
  rule: SarifRule | undefined;
  index: number;
  anchors: Anchors;
}

function toResult({ row, pods }: GroupControl, { rule, index, anchors }: Cited): Record<string, unknown> {
  const print = fingerprint(row);
  return {
    ruleId: rule?.id ?? row.id,
    ruleIndex: index,
    kind: kinds[row.status],
    level: levelOf(row),
    message: { text: textOf(row, pods) },
    locations: [toLocation(row, anchors)],
    partialFingerprints: { 'cincScan/v1': print, primaryLocationLineHash: `${print.slice(0, 16)}:1` },
    properties: {
      status: row.status,
      impact: row.impact,
      profile: row.profile,
      pods: pods.slice(0, 100),
      image: row.target.imageDigest ?? row.target.image,
    },
  };
}

function levelOf(row: Row): string {
  if (row.status === 'error') return 'warning';
  return row.status === 'failed' ? severityWords[row.severity].sarif : 'none';
}

function textOf(row: Row, pods: string[]): string {
  const said = row.message === '' ? row.word : row.message;
  const prefix = row.status === 'error' ? 'could not be evaluated: ' : '';
  const waiver = row.waiver === undefined ? '' : `\nWaiver: ${waiverText(row)}.`;
  return messageText(`${prefix}${shorten(said, 1000)}${waiver}\nIn ${listed(pods)}.`, 4000);
}

function toLocation(row: Row, anchors: Anchors): Record<string, unknown> {
  const { path, line } = anchorOf(anchors, row);
  const uri = path
    .split('/')
    .map(part => encodeURIComponent(part))
    .join('/');
  return {
    physicalLocation: { artifactLocation: { uri, uriBaseId: '%SRCROOT%' }, region: { startLine: Math.max(1, line) } },
    logicalLocations: [{ fullyQualifiedName: row.target.identity, name: row.target.container, kind: 'resource' }],
  };
}
