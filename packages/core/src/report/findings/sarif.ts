// SPDX-License-Identifier: Apache-2.0
import type { ComparedFinding, Finding, FindingSeverity } from '../../findings/index.ts';
import { timestamp } from '../junit-suites.ts';
import { sarifFiles, sarifHead } from '../sarif.ts';
import { messageText } from '../sarif-rules.ts';
import { severityWords } from '../severity-words.ts';
import { plural } from '../words.ts';
import { jsonLineWithList, jsonWithList } from './json-pieces.ts';
import type { FindingsModel, Pieces, ShownSource } from './model.ts';
import { placeText, sentence, worstFirst } from './tally.ts';

// Of the results of a run GitHub shows 5,000.
const mostResults = 5000;

/**
 * SARIF 2.1.0, one run a source, with `baselineState` where there was a state to compare with. A source that did not look has a
 * run only then: with it, what could not be looked for is carried along, and without it code scanning would take it for fixed.
 */
export function renderFindingsSarif(model: FindingsModel): Pieces[] {
  const bySource = Map.groupBy(model.rows, ({ finding }) => finding.reportedBy[0]?.source ?? '');
  const shown = model.sources.filter(({ kind }) => kind === 'looked' || model.isCompared);
  const lost = model.sources.filter(source => !shown.includes(source));
  const notes = lost.flatMap(source => notesOf(source, bySource.get(source.id)?.length ?? 0));
  const runs = shown.map((source, index) =>
    toRun(model, { source, rows: bySource.get(source.id) ?? [], notes: index === 0 ? notes : [] }),
  );
  // Of a source that is no more, the state may still know something.
  const known = new Set(model.sources.map(({ id }) => id));
  const orphans = [...bySource].filter(([id]) => !known.has(id)).flatMap(([, rows]) => rows);
  const others =
    runs.length === 0 || orphans.length > 0
      ? [toRun(model, { source: undefined, rows: orphans, notes: runs.length === 0 ? notes : [] })]
      : [];
  return sarifFiles([...runs, ...others]).map(part => jsonWithList(sarifHead, { name: 'runs', items: part, toPieces }));
}

/** A run whose results are made one by one as they are written. */
interface Run {
  results: number;
  head: Record<string, unknown>;
  items: Iterable<Record<string, unknown>>;
}

const toPieces = ({ head, items }: Run): Pieces => jsonLineWithList(head, { name: 'results', items });

interface Note {
  level: 'error' | 'warning';
  text: string;
}

function notesOf({ id, target, problems }: ShownSource, found: number): Note[] {
  const rest =
    found === 0 ? '' : `; the ${plural(found, 'finding')} that it reported all the same stand in findings.json`;
  return problems.map(({ code, text, file }) => ({
    level: 'error',
    text: `${id} did not look at ${target}: ${code}: ${file}: ${text}${rest}`,
  }));
}

interface OfSource {
  source: ShownSource | undefined;
  rows: readonly ComparedFinding[];
  notes: Note[];
}

function toRun(model: FindingsModel, { source, rows, notes }: OfSource): Run {
  const shown = worstFirst(rows).slice(0, mostResults);
  const leftOut = rows.length - shown.length;
  const rules = [...Map.groupBy(shown, ({ finding }) => finding.rule)];
  const index = new Map(rules.map(([rule], at) => [rule, at]));
  const all: Note[] = [
    ...notes,
    ...(source === undefined ? [] : notesOf(source, 0)),
    ...(source?.warnings ?? []).map(text => ({ level: 'warning' as const, text })),
    ...(leftOut > 0
      ? [{ level: 'warning' as const, text: `${plural(leftOut, 'result')} of lower severity left out` }]
      : []),
  ];
  return {
    results: shown.length,
    head: {
      tool: {
        driver: {
          name: 'cinc-scan',
          semanticVersion: model.tool.version,
          rules: rules.flatMap(([rule, [first]]) => (first === undefined ? [] : [toRule(rule, first.finding)])),
        },
      },
      automationDetails: { id: `cinc-scan/${model.scope}/${source?.id ?? 'none'}/` },
      columnKind: 'utf16CodeUnits',
      invocations: [toInvocation(model, all)],
    },
    items: toResults(shown, index, model),
  };
}

function* toResults(
  rows: readonly ComparedFinding[],
  rules: ReadonlyMap<string, number>,
  model: FindingsModel,
): Iterable<Record<string, unknown>> {
  for (const row of rows) yield toResult(row, rules.get(row.finding.rule) ?? 0, model);
}

function toInvocation({ run }: FindingsModel, notes: Note[]): Record<string, unknown> {
  const start = timestamp(run.at);
  return {
    executionSuccessful: notes.every(({ level }) => level !== 'error'),
    ...(start === undefined ? {} : { startTimeUtc: start }),
    toolExecutionNotifications: notes.map(({ level, text }) => ({ level, message: { text: messageText(text, 2000) } })),
  };
}

// Numbers as texts inside the range of the severity, as GitHub wants them.
const scores = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' } as const;

const scoreOf = (severity: FindingSeverity): string | undefined =>
  severity === 'none' || severity === 'unknown' ? undefined : scores[severity];

const levelOf = (severity: FindingSeverity): string =>
  severity === 'unknown' ? 'warning' : severityWords[severity].sarif;

function toRule(id: string, { severity, title: told, kind, nist }: Finding): Record<string, unknown> {
  const score = scoreOf(severity);
  const title = messageText(told === '' ? id : told, 1000);
  return {
    id,
    shortDescription: { text: title },
    defaultConfiguration: { level: levelOf(severity) },
    properties: {
      ...(score === undefined ? {} : { 'security-severity': score }),
      tags: [...new Set(['security', kind, ...nist])].slice(0, 10),
    },
  };
}

function toResult(row: ComparedFinding, ruleIndex: number, model: FindingsModel): Record<string, unknown> {
  const { finding, status, because, firstSeen } = row;
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: levelOf(finding.severity),
    ...(model.isCompared ? { baselineState: baselineOf(row) } : {}),
    message: { text: messageText(sentence(row), 4000) },
    locations: [toLocation(finding, model.sourcesFile)],
    partialFingerprints: {
      'cincScanFinding/v1': finding.fingerprint,
      primaryLocationLineHash: `${finding.fingerprint.slice(0, 16)}:1`,
    },
    ...(status === 'waived'
      ? { suppressions: [{ kind: 'external', status: 'accepted', justification: messageText(because, 1000) }] }
      : {}),
    properties: {
      status,
      firstSeen,
      severity: finding.severity,
      reportedBy: finding.reportedBy.map(({ tool, source }) => `${tool} (${source})`).slice(0, 20),
    },
  };
}

/** An unsure one that is there stands under another number than before; one that is not there is as it was, as far as anybody knows. */
function baselineOf({ status, isTold, because }: ComparedFinding): 'new' | 'unchanged' | 'updated' | 'absent' {
  switch (status) {
    case 'new':
    case 'returned':
      return 'new';
    case 'known':
      return 'unchanged';
    case 'waived':
      return isTold ? 'unchanged' : 'new';
    case 'fixed':
      return 'absent';
    case 'unsure':
      return because.includes('another ruleset') ? 'updated' : 'unchanged';
  }
}

function toLocation(finding: Finding, sourcesFile: string): Record<string, unknown> {
  const path = (finding.place.path ?? '').replace(/^\/+/, '') || sourcesFile;
  const uri = path
    .split('/')
    .map(part => encodeURIComponent(part))
    .join('/');
  const startLine = finding.place.path === undefined ? 1 : (finding.place.line ?? 1);
  return {
    physicalLocation: { artifactLocation: { uri, uriBaseId: '%SRCROOT%' }, region: { startLine } },
    logicalLocations: [
      { fullyQualifiedName: `${finding.target} ${placeText(finding)}`.trim(), name: finding.target, kind: 'resource' },
    ],
  };
}
