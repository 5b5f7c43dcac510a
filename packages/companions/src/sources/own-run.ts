// SPDX-License-Identifier: Apache-2.0
// A run of this program as a source. It is read as it was judged, and each of its targets has looked, or has not.
import { createHash } from 'node:crypto';
import {
  type Finding,
  findingsOfHdf,
  type HdfFindings,
  mergeFindings,
  type ReportModel,
  type readRun,
  shortLine,
  stableIdentity,
  toFinding,
} from '@cinc-scan/core';
import { ageProblems } from './checks.ts';
import { cleanFinding, cleanRule, cleanText, type Redact } from './clean.ts';
import type { ConsolidatedSource, GivenRun, SourceProblem } from './consolidated.ts';
import type { FolderSource } from './schema.ts';

type Judged = ReportModel['verdict']['judged'][number];

export const ownTool = 'cinc-scan';

/** What findings of our own are about, wherever they are compared: a workload, whatever its pods are called. */
export const ownTarget = (target: Judged['outcome']['target']): string =>
  shortLine(`workload:${stableIdentity(target).replaceAll(/\s/g, '_')}`, 500);

/** One for each workload of the run; where there is no run to be read, one that did not look. */
export function consolidateRun(source: FolderSource, given: GivenRun | undefined, now: Date): ConsolidatedSource[] {
  const run = given?.read() ?? { kind: 'none' as const };
  if (run.kind !== 'run') return [unread(source, problemOf(run, source))];
  const { model, missing } = run;
  const file = `${source.folder}/scan.json`;
  const about = { checkedAt: model.run.started, started: undefined };
  const general = [
    ...ageProblems(source['max-age'], about, now),
    ...missing.map(name => ({ reason: 'unreadable' as const, text: `the result file of ${name} is not there` })),
  ].map(problem => ({ ...problem, file }));
  const groups = Map.groupBy(model.verdict.judged, ({ outcome }) => ownTarget(outcome.target));
  if (groups.size === 0) return [unread(source, { reason: 'not-looked', text: 'the run had no target', file })];
  return [...groups].map(([target, judged]) => ofTarget({ source, model, target, judged, general, file }));
}

function problemOf(run: Exclude<ReturnType<typeof readRun>, { kind: 'run' }>, { folder }: FolderSource): SourceProblem {
  if (run.kind === 'none') return { reason: 'missing', text: 'there is no scan.json of a run', file: folder };
  const reason = run.code === 'RUN_UNFINISHED' ? 'failed' : 'unreadable';
  return { reason, text: `${run.code}: ${run.problem}`, file: `${folder}/scan.json` };
}

function unread({ id, area, folder }: FolderSource, problem: SourceProblem): ConsolidatedSource {
  const target = `run:${id}`;
  return {
    source: { id, tool: ownTool, area, target },
    kind: 'not-looked',
    problems: [{ ...problem, text: cleanText(problem.text, String) }],
    warnings: [],
    files: [{ ...nothingOf, path: folder }],
    look: { source: id, kind: 'not-looked', target, scope: '', ruleset: '', unchecked: [] },
    findings: [],
    passes: [],
    statements: [],
  };
}

const nothingOf = {
  sha256: undefined,
  bytes: 0,
  checkedAt: undefined,
  tool: ownTool,
  version: undefined,
  database: undefined,
};

interface OneTarget {
  source: FolderSource;
  model: ReportModel;
  target: string;
  /** Under each profile, and of each replica. */
  judged: readonly Judged[];
  /** Problems of the run as a whole. */
  general: readonly SourceProblem[];
  file: string;
}

function ofTarget({ source, model, target, judged, general, file }: OneTarget): ConsolidatedSource {
  const { area } = source;
  const id = idOf(source.id, target);
  const read = judged.map(each => readJudged(each));
  const problems = [...general, ...read.flatMap(({ problems: own }) => own.map(problem => ({ ...problem, file })))];
  const kind = problems.length === 0 ? 'looked' : 'not-looked';
  const all = read.flatMap(({ results }) => results ?? []);
  const attribution = { source: id, tool: ownTool, target, area };
  const findings = all.flatMap(results => results.findings.map(raw => toFinding(raw, attribution)));
  return {
    source: { id, tool: ownTool, area, target },
    kind,
    problems: problems.map(problem => ({ ...problem, text: cleanText(problem.text, keep) })),
    warnings: [],
    files: [{ ...nothingOf, path: file, checkedAt: model.run.started, version: shortLine(model.tool.version, 100) }],
    look: {
      source: id,
      kind,
      target,
      scope: filtersOf(model),
      ruleset: shortLine([...new Set(all.map(({ ruleset }) => ruleset))].toSorted().join(', '), 5000),
      unchecked: [...new Set(all.flatMap(({ unchecked, broken }) => [...unchecked, ...broken]))].map(rule =>
        cleanRule(rule, keep),
      ),
    },
    findings: mergeFindings(findings).map((finding): Finding => cleanFinding(finding, keep)),
    passes: all.flatMap(({ passes }) =>
      passes.map(({ rule, title }) => ({ rule: cleanRule(rule, keep), title: cleanText(title, keep), place: target })),
    ),
    statements: [],
  };
}

// The run was read without secrets.
const keep: Redact = text => text;

/** The same from run to run, and fit to be the name of a file. */
function idOf(id: string, target: string): string {
  const words = target
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^workload-/, '')
    .slice(-40);
  return `${id}.${words.replaceAll(/^-|-$/g, '')}-${createHash('sha256').update(target).digest('hex').slice(0, 8)}`;
}

/** What was left out on purpose: what lacks then is not fixed. */
const filtersOf = ({ request }: ReportModel): string =>
  ['controls', 'tags']
    .flatMap(name => (request[name] === undefined ? [] : [`${name}=${JSON.stringify(request[name])}`]))
    .join(' ')
    .slice(0, 1000);

interface ReadJudged {
  results: HdfFindings | undefined;
  problems: Pick<SourceProblem, 'reason' | 'text'>[];
}

function readJudged({ outcome, judgement }: Judged): ReadJudged {
  const lost = (text: string) => [{ reason: 'not-looked' as const, text }];
  if (outcome.kind === 'unreached')
    return { results: undefined, problems: lost(`${outcome.error.code}: ${outcome.error.message}`) };
  // A waiver that ends after the run held when it was judged.
  const read = findingsOfHdf(outcome.hdf, judgement?.options.now ?? new Date(outcome.observation.started));
  if (read.kind === 'refused') return { results: undefined, problems: [{ reason: 'unreadable', text: read.problem }] };
  const { broken, findings, passes } = read;
  const problems = [
    ...(broken.length === 0 ? [] : lost(`${broken.length} controls could not be evaluated`)),
    ...(findings.length + passes.length === 0 ? lost('no control was evaluated') : []),
  ];
  return { results: read, problems };
}
