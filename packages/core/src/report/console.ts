// SPDX-License-Identifier: Apache-2.0
import { grid } from './console-grid.ts';
import type { ReportModel } from './model.ts';
import { type FoldedView, foldedPods, foldReplicas } from './replicas.ts';
import { badControls, percentText, severityColumns, statusOrder, totalCounts } from './tally.ts';
import { cut, safeLogLines, shortLine } from './text.ts';
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

export interface ConsoleOptions {
  color: boolean;
  /** Columns of the terminal. */
  width: number;
}

const plain: ConsoleOptions = { color: false, width: 100 };

const escape = String.fromCodePoint(0x1b);
const palette = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;
type Paint = (style: keyof typeof palette, text: string) => string;

const painter =
  (color: boolean): Paint =>
  (style, text) =>
    color ? `${escape}[${palette[style]}m${text}${escape}[0m` : text;

interface Screen {
  model: ReportModel;
  /** What was seen, target by target. */
  views: OutcomeView[];
  /** The same with equal replicas as one. */
  folded: FoldedView[];
  paint: Paint;
  width: number;
}

/** The result for a terminal or a log. No line of it begins with text from outside. */
export function renderConsole(model: ReportModel, options: ConsoleOptions = plain): string {
  const views = toViews(model);
  const screen: Screen = {
    model,
    views,
    folded: foldReplicas(views),
    paint: painter(options.color),
    width: Math.max(60, options.width),
  };
  const parts = [targets, counts, failed, unjudged, waivers, warnings, why, headline].map(part => part(screen));
  return `${parts
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

const verdictStyles = { pass: 'green', fail: 'red', error: 'red' } as const;

// Last, because a terminal shows the end.
function headline({ model, paint }: Screen): string[] {
  return [paint('bold', paint(verdictStyles[model.verdict.verdict], `cinc-scan: ${verdictSentence(model.verdict)}`))];
}

function targets({ folded, paint, width }: Screen): string[] {
  if (folded.length === 0) return ['There was no target.'];
  const words = { pass: 'met', fail: 'not met', error: 'error' } as const;
  const styles = { pass: 'green', fail: 'red', error: 'yellow' } as const;
  const severalProfiles = haveSeveralProfiles(folded);
  const head = ['Target', 'Gate', 'Compliance', ...statusOrder.map(status => statusWords[status]), 'Lens'];
  const rows = folded.map(view => [
    severalProfiles ? `${view.name} ${view.profile}` : view.name,
    words[view.result],
    percentText(view.compliance),
    ...statusOrder.map(status => `${view.counts?.[status].total ?? '–'}`),
    view.observation?.lens ?? '–',
  ]);
  const table = grid([head, ...rows], width).flatMap((lines, index) =>
    lines.map(line => (index === 0 ? paint('bold', line) : paint(styles[folded[index - 1]?.result ?? 'error'], line))),
  );
  return [...table, ...foldedPods(folded).map(line => paint('dim', `  ${line}`))];
}

function counts({ views, paint, width }: Screen): string[] {
  const total = totalCounts(views);
  const columns = severityColumns(total);
  const rows = statusOrder.map(status => [
    statusWords[status],
    `${total[status].total}`,
    ...columns.map(severity => `${total[status][severity] ?? 0}`),
  ]);
  const [heads = [], ...lines] = grid([['Controls', 'total', ...columns], ...rows], width);
  if (views.every(view => view.counts === undefined)) return [];
  return [...heads.map(line => paint('bold', line)), ...lines.flat()];
}

const mostFailed = 20;
const mostLines = 6;

function failed({ folded, paint, width }: Screen): string[] {
  const found = badControls(folded);
  if (found.length === 0) return [];
  const shown = found.slice(0, mostFailed).flatMap(({ row, targets: where }) => {
    const all = safeLogLines(row.message, '    │ ').map(line => cut(line, Math.max(width, 200)));
    const rest = all.length > mostLines ? [`    │ … (${all.length - mostLines} more lines)`] : [];
    const head = `  ${row.severity.padEnd(8)} ${row.word.padEnd(6)} ${row.id}: ${row.title}`;
    return [
      paint(row.status === 'failed' ? 'red' : 'yellow', head),
      ...all.slice(0, mostLines).map(line => paint('dim', line)),
      ...rest,
      paint('dim', `    in ${listed(where, 5)}`),
    ];
  });
  const more = found.length > mostFailed ? [`  ${plural(found.length - mostFailed, 'more control')}`] : [];
  return [paint('bold', 'Failed and errored controls'), ...shown, ...more];
}

function unjudged({ views, paint }: Screen): string[] {
  const lines = views.flatMap(({ name, trouble }) =>
    trouble === undefined
      ? []
      : [
          paint('yellow', `  ${name}: ${trouble.code}`),
          ...safeLogLines(trouble.message, '    │ ').slice(0, mostLines),
          `    ${trouble.hint}`,
        ],
  );
  return lines.length === 0 ? [] : [paint('bold', 'Not judged'), ...lines];
}

function waivers({ folded, paint }: Screen): string[] {
  const rows = waivedRows(folded);
  if (rows.length === 0) return [];
  const lines = rows.slice(0, 50).map(row => {
    const line = `  ${row.id} in ${row.target.name}: ${waiverState(row)}; owner ${row.waiver?.owner ?? 'not named'}; ${row.waiver?.reason ?? ''}`;
    return row.waiver?.state === 'expired' ? paint('yellow', line) : line;
  });
  const more = rows.length > 50 ? [`  ${plural(rows.length - 50, 'more waiver')}`] : [];
  return [paint('bold', 'Waivers'), ...lines, ...more];
}

function warnings({ model, views, paint }: Screen): string[] {
  const found = allWarnings(model, views).map(text => paint('yellow', `  ${cut(text, 1000)}`));
  return found.length === 0 ? [] : [paint('bold', 'Warnings'), ...found];
}

function why({ model, folded, paint }: Screen): string[] {
  const found = allViolations(folded);
  const lines = found.slice(0, 50).map(({ view, violation: { key, expected, actual, controls } }) => {
    const ids = controls.length > 0 ? ` (${listed(controls, 10)})` : '';
    return `  ${view.name}: ${key}: expected ${expected}, got ${actual}${ids}`;
  });
  const more = found.length > 50 ? [`  ${plural(found.length - 50, 'more unmet bound')}`] : [];
  const gate = `Gate: ${shortLine(model.verdict.gate.source, 500)}`;
  return lines.length === 0 ? [gate] : [gate, paint('bold', 'Why'), ...lines, ...more];
}
