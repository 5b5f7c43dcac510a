// SPDX-License-Identifier: Apache-2.0
import type { ReportModel } from './model.ts';
import { badControls, percentText, severityColumns, statusOrder, totalCounts } from './tally.ts';
import { cut, safeLogLines, shortLine } from './text.ts';
import { allViolations, allWarnings, type OutcomeView, toViews, waivedRows, waiverState } from './views.ts';
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
  views: OutcomeView[];
  paint: Paint;
  width: number;
}

/** The result for a terminal or a log. No line of it begins with text from outside. */
export function renderConsole(model: ReportModel, options: ConsoleOptions = plain): string {
  const screen: Screen = {
    model,
    views: toViews(model),
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

function targets({ views, paint, width }: Screen): string[] {
  if (views.length === 0) return ['There was no target.'];
  const words = { pass: 'met', fail: 'not met', error: 'error' } as const;
  const styles = { pass: 'green', fail: 'red', error: 'yellow' } as const;
  const severalProfiles = new Set(views.map(view => view.profile)).size > 1;
  const head = ['Target', 'Gate', 'Compliance', ...statusOrder.map(status => statusWords[status]), 'Lens'];
  const rows = views.map(view => [
    severalProfiles ? `${view.name} ${view.profile}` : view.name,
    words[view.result],
    percentText(view.compliance),
    ...statusOrder.map(status => `${view.counts?.[status].total ?? '–'}`),
    view.observation?.lens ?? '–',
  ]);
  const lines = grid([head, ...rows], width);
  return lines.map((line, index) =>
    index === 0 ? paint('bold', line) : paint(styles[views[index - 1]?.result ?? 'error'], line),
  );
}

/** Columns as wide as their widest cell; the first gives way when the line would be longer than the terminal. */
function grid(rows: string[][], width: number): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => size(row[column] ?? ''))));
  const others = widths.slice(1).reduce((sum, each) => sum + each + 2, 0);
  widths[0] = Math.max(20, Math.min(widths[0] ?? 0, width - others - 2));
  return rows.map(row => `  ${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ')}`.trimEnd());
}

const size = (text: string) => Array.from(text).length;

function pad(text: string, width: number): string {
  const points = Array.from(text);
  return points.length > width ? `${points.slice(0, width - 1).join('')}…` : text + ' '.repeat(width - points.length);
}

function counts({ views, paint, width }: Screen): string[] {
  const total = totalCounts(views);
  const columns = severityColumns(total);
  const rows = statusOrder.map(status => [
    statusWords[status],
    `${total[status].total}`,
    ...columns.map(severity => `${total[status][severity] ?? 0}`),
  ]);
  const [head = '', ...lines] = grid(
    [['Controls', 'total', ...columns.map(name => pad(name, size(name)))], ...rows],
    width,
  );
  return views.some(view => view.counts !== undefined) ? [paint('bold', head), ...lines] : [];
}

const mostFailed = 20;
const mostLines = 6;

function failed({ views, paint, width }: Screen): string[] {
  const found = badControls(views);
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

function waivers({ views, paint }: Screen): string[] {
  const rows = waivedRows(views);
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

function why({ model, views, paint }: Screen): string[] {
  const found = allViolations(views);
  const lines = found.slice(0, 50).map(({ view, violation: { key, expected, actual, controls } }) => {
    const ids = controls.length > 0 ? ` (${listed(controls, 10)})` : '';
    return `  ${view.name}: ${key}: expected ${expected}, got ${actual}${ids}`;
  });
  const more = found.length > 50 ? [`  ${plural(found.length - 50, 'more unmet bound')}`] : [];
  const gate = `Gate: ${shortLine(model.verdict.gate.source, 500)}`;
  return lines.length === 0 ? [gate] : [gate, paint('bold', 'Why'), ...lines, ...more];
}
