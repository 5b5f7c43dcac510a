// SPDX-License-Identifier: Apache-2.0
import { type ControlStatus, statuses } from '../../outcome/index.ts';
import type { ReportModel } from '../model.ts';
import { statusOrder, totalCompliance, totalCounts } from '../tally.ts';
import { type OutcomeView, toViews } from '../views.ts';
import { byText, statusWords, verdictWords } from '../words.ts';
import { type Html, html, nothing } from './markup.ts';
import type { Page } from './page.ts';
import { palette } from './palette.ts';
import { columnHeads, count, numberHeads, section, table, timeText } from './parts.ts';

/** One run, as much of it as a trend needs. */
export interface TrendPoint {
  runId: string;
  /** ISO 8601. */
  finished: string;
  verdict: 'pass' | 'fail' | 'error';
  /** Percent; null where no control counted. */
  compliance: number | null;
  counts: Record<ControlStatus, number>;
  /** Audits, and how many of them could not be judged. */
  audits: number;
  notJudged: number;
}

/** The point of a run in the trend of later ones. */
export function toTrendPoint(model: ReportModel, views: OutcomeView[] = toViews(model)): TrendPoint {
  const counts = totalCounts(views);
  const totals: Record<ControlStatus, number> = { passed: 0, failed: 0, skipped: 0, no_impact: 0, error: 0 };
  for (const status of statuses) totals[status] = counts[status].total;
  return {
    runId: model.run.id,
    finished: model.run.finished,
    verdict: model.verdict.verdict,
    compliance: totalCompliance(views).percent,
    counts: totals,
    audits: views.length,
    notJudged: views.filter(view => view.trouble !== undefined).length,
  };
}

const mostPoints = 100;
const letters = { pass: 'p', fail: 'f', error: 'e' } as const;

/** Compliance over earlier runs and this one, oldest first. */
export function trend({ model, views }: Page, earlier: readonly TrendPoint[]): Html {
  const others = earlier.filter(({ runId }) => runId !== model.run.id);
  if (others.length === 0) return nothing;
  const points = [...others, toTrendPoint(model, views)]
    .toSorted((a, b) => byText(timeKey(a), timeKey(b)) || byText(a.runId, b.runId))
    .slice(-mostPoints);
  const heads = numberHeads('Compliance', ...statusOrder.map(status => statusWords[status]), 'Audits', 'Not judged');
  const rows = points.map(point => {
    const current = point.runId === model.run.id ? html` <b>this run</b>` : nothing;
    return html`<tr><th scope="row">${timeText(point.finished)}${current}<small>${point.runId}</small></th><td><span class="st ${letters[point.verdict]}">${verdictWords[point.verdict]}</span></td><td class="num">${point.compliance === null ? '–' : `${point.compliance} %`}</td>${statusOrder.map(status => count(point.counts[status]))}${count(point.audits)}${count(point.notJudged)}</tr>
`;
  });
  const head = html`${columnHeads('Run', 'Verdict')}${heads}`;
  const body = html`${chart(points)}<details class="more"><summary>All runs in numbers</summary>${table({ caption: 'Earlier runs and this one, newest first', head, rows: rows.toReversed() })}</details>`;
  return section({ id: 'trend', title: 'Trend', body });
}

function timeKey({ finished }: TrendPoint): string {
  const date = new Date(finished);
  return Number.isNaN(date.getTime()) ? finished : date.toISOString();
}

const [width, height, left, right, top, bottom] = [960, 220, 48, 12, 12, 28];

function chart(points: TrendPoint[]): Html {
  const x = (index: number) => Math.round(left + (index * (width - left - right)) / Math.max(1, points.length - 1));
  const y = (percent: number) => Math.round((top + ((100 - percent) * (height - top - bottom)) / 100) * 10) / 10;
  const lines = [0, 25, 50, 75, 100].map(
    percent =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(percent)}" y2="${y(percent)}" stroke="${palette.light.rule}"/><text x="${left - 8}" y="${y(percent) + 4}" text-anchor="end" font-size="12">${percent} %</text>`,
  );
  const known = points.flatMap(({ compliance, verdict }, index) =>
    compliance === null ? [] : [{ at: `${x(index)},${y(compliance)}`, index, compliance, verdict }],
  );
  const dots = known.map(
    ({ index, compliance, verdict }) =>
      html`<circle class="${letters[verdict]}" cx="${x(index)}" cy="${y(compliance)}" r="4.5"/>`,
  );
  const ends = [points[0], points.at(-1)].map((point, index) => {
    const anchor = index === 0 ? 'start' : 'end';
    return html`<text x="${index === 0 ? left : width - right}" y="${height - 6}" text-anchor="${anchor}" font-size="12">${timeText(point?.finished ?? '').slice(0, 10)}</text>`;
  });
  return html`<svg class="trend" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Compliance over ${points.length} runs; the numbers are in the table below">${lines}<polyline class="line" points="${known.map(({ at }) => at).join(' ')}" fill="none" stroke="${palette.light.p}" stroke-width="2"/>${dots}${ends}</svg>`;
}
