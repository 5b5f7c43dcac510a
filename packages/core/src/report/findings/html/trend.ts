// SPDX-License-Identifier: Apache-2.0
import { findingSeverities, type RunPoint } from '../../../findings/index.ts';
import { type Html, html, nothing } from '../../html/markup.ts';
import { palette } from '../../html/palette.ts';
import { columnHeads, count, numberHeads, section, table, timeText } from '../../html/parts.ts';
import type { FindingsModel } from '../model.ts';
import { severityName } from '../names.ts';
import { severityLetters } from './letters.ts';

const mostRuns = 30;

/** What was open in earlier runs, and what came and went. */
export function trend({ trend: points }: FindingsModel): Html {
  const shown = points.slice(-mostRuns);
  if (shown.length < 2) return nothing;
  const longest = Math.max(1, ...shown.map(point => openOf(point)));
  const rows = shown.toReversed().map(
    point => html`<tr><th scope="row">${timeText(point.at)}</th>${findingSeverities.map(severity => count(point.open[severity]))}${count(point.new)}${count(point.fixed)}${count(point.notLooked)}<td class="picture">${bar(point, longest)}</td></tr>
`,
  );
  const severities = findingSeverities.map(severityName);
  const head = html`${columnHeads('Run')}${numberHeads(...severities, 'New', 'Fixed', 'Not looked')}<th scope="col" class="picture">Open</th>`;
  const caption = 'What was open after each run, newest first';
  const body = table({ caption, head, rows, className: 'runs' });
  return section({ id: 'trend', title: 'Trend', body });
}

const openOf = ({ open }: RunPoint): number => findingSeverities.reduce((sum, severity) => sum + open[severity], 0);

const full = 1000;
/** It repeats the numbers beside it, so readers aloud skip it. */
function bar(point: RunPoint, longest: number): Html {
  let x = 0;
  const parts = findingSeverities.map(severity => {
    const width = Math.round((full * point.open[severity]) / longest);
    const at = x;
    x += width;
    return width === 0
      ? nothing
      : html`<rect class="${severityLetters[severity]}" x="${at}" y="0" width="${width}" height="12" fill="${palette.light[severityLetters[severity]]}"/>`;
  });
  return html`<svg class="bar" viewBox="0 0 ${full} 12" width="240" height="12" preserveAspectRatio="none" aria-hidden="true" focusable="false">${parts}</svg>`;
}
