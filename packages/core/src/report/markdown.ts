// SPDX-License-Identifier: Apache-2.0
import { code, details, fence, table } from './markdown-text.ts';
import type { ReportModel } from './model.ts';
import { type FoldedView, foldedPods, foldReplicas } from './replicas.ts';
import type { Row } from './rows.ts';
import {
  badControls,
  evidenceText,
  percentText,
  severityColumns,
  statusOrder,
  totalCompliance,
  totalCounts,
} from './tally.ts';
import {
  allViolations,
  allWarnings,
  haveSeveralProfiles,
  type OutcomeView,
  toViews,
  waivedRows,
  waiverState,
} from './views.ts';
import { listed, plural, statusWords, verdictSentence } from './words.ts';

// GitHub drops a step summary of more than 1,024 KiB as a whole.
const mostBytes = 900 * 1024;

/** How much is left out, in this order: never the verdict. */
const levels = ['full', 'no-evidence', 'no-passed', 'no-controls', 'few-targets', 'verdict'] as const;
type DetailLevel = (typeof levels)[number];

const left: Record<DetailLevel, string> = {
  full: '',
  'no-evidence': 'the messages of failed controls',
  'no-passed': 'the messages of failed controls, and the controls that passed',
  'no-controls': 'the tables of controls',
  'few-targets': 'the tables of controls, and targets that met the gate',
  verdict: 'all but the verdict',
};

interface MarkdownPage {
  model: ReportModel;
  /** What was seen, target by target. */
  views: OutcomeView[];
  /** The same with equal replicas as one. */
  folded: FoldedView[];
  level: DetailLevel;
  limit: number;
}

export interface Markdown {
  text: string;
  truncated: boolean;
}

/** The summary for people: verdict, reasons and targets on the first screen. */
export const renderMarkdown = (model: ReportModel): string => fitMarkdown(model, mostBytes).text;

/** As much of the summary as fits into `limit` bytes. */
export function fitMarkdown(model: ReportModel, limit: number = mostBytes): Markdown {
  const views = toViews(model);
  const folded = foldReplicas(views);
  for (const level of levels) {
    const text = renderPage({ model, views, folded, level, limit });
    if (Buffer.byteLength(text) <= limit) return { text, truncated: level !== 'full' };
  }
  return { text: renderPage({ model, views, folded, level: 'verdict', limit }), truncated: true };
}

function renderPage(page: MarkdownPage): string {
  const { level, model } = page;
  const parts =
    level === 'verdict'
      ? [headline(model), leftOut(page)]
      : [
          headline(model),
          reasons(page),
          targetTable(page),
          replicas(page),
          countTable(page),
          failedControls(page),
          controlTables(page),
          waivers(page),
          warnings(page),
          unreached(page),
          leftOut(page),
          footer(model),
        ];
  return `${parts.filter(part => part !== '').join('\n\n')}\n`;
}

function headline({ verdict }: ReportModel): string {
  return `## cinc-scan: ${verdictSentence(verdict)}`;
}

const mostReasons = 50;

function reasons({ model, folded }: MarkdownPage): string {
  const found = allViolations(folded);
  const rows = found
    .slice(0, mostReasons)
    .map(({ view, violation }) => [
      code(view.name),
      code(violation.key),
      code(violation.expected),
      code(violation.actual),
      listed(violation.controls.map(id => code(id))),
    ]);
  if (found.length === 0) return `Gate: ${code(model.verdict.gate.source)}`;
  const more = found.length > mostReasons ? `\n\n${plural(found.length - mostReasons, 'more unmet bound')}.` : '';
  const grid = table(['Target', 'Bound', 'Expected', 'Actual', 'Controls'], rows);
  return `### Why\n\nGate: ${code(model.verdict.gate.source)}\n\n${grid}${more}`;
}

const resultWords = { pass: 'met', fail: '**not met**', error: '**error**' } as const;
const fewTargets = 100;

const wantedTargets = ({ folded, level }: MarkdownPage) =>
  level === 'few-targets' ? folded.filter(view => view.result !== 'pass').slice(0, fewTargets) : folded;

function targetTable(page: MarkdownPage): string {
  const { folded } = page;
  if (folded.length === 0) return 'There was no target.';
  const wanted = wantedTargets(page);
  const severalProfiles = haveSeveralProfiles(folded);
  const head = ['Target', ...(severalProfiles ? ['Profile'] : []), 'Gate', 'Compliance'];
  const rows = wanted.map(view => [
    code(view.name),
    ...(severalProfiles ? [code(view.profile)] : []),
    view.trouble === undefined ? resultWords[view.result] : `${resultWords.error} ${code(view.trouble.code)}`,
    percentText(view.compliance),
    ...statusOrder.map(status => `${view.counts?.[status].total ?? '–'}`),
    code(view.observation?.lens ?? ''),
  ]);
  const hidden = targetCount(folded) - targetCount(wanted);
  const more = hidden > 0 ? `\n\n${plural(hidden, 'more target')}.` : '';
  return `### Targets\n\n${table([...head, ...statusOrder.map(status => statusWords[status]), 'Lens'], rows)}${more}`;
}

const targetCount = (views: readonly FoldedView[]) => views.reduce((sum, { pods }) => sum + pods.length, 0);

const replicas = (page: MarkdownPage): string =>
  foldedPods(wantedTargets(page), code)
    .map(line => `- ${line}`)
    .join('\n');

function countTable({ views }: MarkdownPage): string {
  const counts = totalCounts(views);
  const columns = severityColumns(counts);
  const rows = statusOrder.map(status => [
    statusWords[status],
    `${counts[status].total}`,
    ...columns.map(severity => `${counts[status][severity] ?? 0}`),
  ]);
  const head = ['Status', 'Total', ...columns.map(name => (/^[a-z]+$/.test(name) ? name : code(name)))];
  return `### Controls\n\nCompliance: ${percentText(totalCompliance(views))}\n\n${table(head, rows)}`;
}

const mostFailed = 20;

function failedControls({ folded, level }: MarkdownPage): string {
  const found = badControls(folded);
  if (found.length === 0 || level !== 'full') return '';
  const shown = found.slice(0, mostFailed).map(({ row, targets, count }) => {
    const where = targets.length === 1 ? code(targets[0] ?? '') : `${count} targets`;
    const body = `${code(row.title)} in ${listed(targets.map(name => code(name)))}\n\n${fence(evidenceText(row))}`;
    return details(`${row.severity}: ${code(row.id)} ${row.word.toLowerCase()} in ${where}`, body);
  });
  const more = found.length > mostFailed ? [`${plural(found.length - mostFailed, 'more control')}.`] : [];
  return ['### Failed and errored', ...shown, ...more].join('\n\n');
}

const withoutTables: readonly DetailLevel[] = ['no-controls', 'few-targets', 'verdict'];

function controlTables({ folded, level }: MarkdownPage): string {
  if (withoutTables.includes(level)) return '';
  const sections = folded.flatMap(view => {
    const rows = level === 'no-passed' ? view.rows.filter(row => row.status !== 'passed') : view.rows;
    const grid = table(['Status', 'Severity', 'Control', 'Title'], rows.map(controlRow));
    return rows.length === 0 ? [] : [details(`${code(view.name)} ${code(view.profile)}`, grid)];
  });
  return sections.length === 0 ? '' : ['### All controls', ...sections].join('\n\n');
}

const controlRow = (row: Row) => [row.word, row.severity, code(row.id), code(row.title)];

const mostWaivers = 200;

function waivers({ folded }: MarkdownPage): string {
  const rows = waivedRows(folded);
  if (rows.length === 0) return '';
  const cells = rows
    .slice(0, mostWaivers)
    .map(row => [
      code(row.id),
      code(row.target.name),
      code(row.waiver?.owner ?? 'not named'),
      code(row.waiver?.reason ?? ''),
      code(waiverState(row)),
    ]);
  const more = rows.length > mostWaivers ? `\n\n${plural(rows.length - mostWaivers, 'more waiver')}.` : '';
  return `### Waivers\n\n${table(['Control', 'Target', 'Owner', 'Reason', 'State'], cells)}${more}`;
}

function warnings({ model, views }: MarkdownPage): string {
  const found = allWarnings(model, views).map(text => `- ${code(text.slice(0, 4000))}`);
  return found.length === 0 ? '' : `### Warnings\n\n${found.slice(0, 100).join('\n')}`;
}

function unreached({ views }: MarkdownPage): string {
  const found = views.flatMap(({ name, trouble }) =>
    trouble === undefined
      ? []
      : [`- ${code(name)} ${code(trouble.code)}: ${code(trouble.message)} ${code(trouble.hint)}`],
  );
  if (found.length === 0) return '';
  const more = found.length > fewTargets ? `\n- ${found.length - fewTargets} more` : '';
  return `### Not judged\n\n${found.slice(0, fewTargets).join('\n')}${more}`;
}

function leftOut({ level, limit }: MarkdownPage): string {
  return level === 'full'
    ? ''
    : `> Left out to stay below ${Math.floor(limit / 1024)} KiB: ${left[level]}. The result files (HDF) and \`scan.json\` have everything.`;
}

function footer({ tool, run, engine, profiles, cluster }: ReportModel): string {
  const parts = [
    `run ${code(run.id)}`,
    `finished ${code(run.finished)} after ${run.seconds} s`,
    `cluster ${code(cluster.alias)}`,
    ...profiles.map(({ name, version }) => `profile ${code(`${name} ${version ?? ''}`)}`),
    `cinc-scan ${code(tool.version)}`,
    ...(engine === undefined ? [] : [code(`${engine.name} ${engine.version}`)]),
  ];
  return parts.join(' · ');
}
