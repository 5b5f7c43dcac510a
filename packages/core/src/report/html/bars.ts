// SPDX-License-Identifier: Apache-2.0
import { type ControlStatus, statuses } from '../../outcome/index.ts';
import { statusOrder } from '../tally.ts';
import { statusWords } from '../words.ts';
import { type Html, html, nothing } from './markup.ts';
import { letters } from './page.ts';
import { palette } from './palette.ts';

export type Shares = Record<ControlStatus, number>;

export const noShares = (): Shares => ({ passed: 0, failed: 0, skipped: 0, no_impact: 0, error: 0 });

export function toShares(count: (status: ControlStatus) => number): Shares {
  const shares = noShares();
  for (const status of statuses) shares[status] = count(status);
  return shares;
}

// Attributes speak where the style sheet is blocked; the style sheet overrides them for dark mode and print.
const { f, e, s, p, n } = palette.light;
const colors: Record<ControlStatus, string> = { failed: f, error: e, skipped: s, passed: p, no_impact: n };

const full = 1000;

/** One stacked bar; `scale` is the number that fills it. It repeats the numbers beside it, so readers aloud skip it. */
export function bar(shares: Shares, scale: number): Html {
  const total = statusOrder.reduce((sum, status) => sum + shares[status], 0);
  if (total === 0 || scale <= 0) return nothing;
  let x = 0;
  const segments = statusOrder.map(status => {
    const width = Math.round((full * 100 * shares[status]) / scale) / 100;
    const at = Math.round(x * 100) / 100;
    x += width;
    return width === 0
      ? nothing
      : html`<rect class="${letters[statusWords[status]]}" x="${at}" y="0" width="${width}" height="12" fill="${colors[status]}"/>`;
  });
  return html`<svg class="bar" viewBox="0 0 ${full} 12" width="240" height="12" preserveAspectRatio="none" aria-hidden="true" focusable="false">${segments}</svg>`;
}

const around = 2 * Math.PI * 42;

/** A ring filled as far as the percentage goes, with the number in it. */
export function ring(percent: number | null, letter: string): Html {
  const filled = Math.round((around * (percent ?? 0)) / 10) / 10;
  const shown = percent === null ? '–' : `${percent} %`;
  const arc =
    filled === 0
      ? nothing
      : html`<circle class="arc ${letter}" cx="50" cy="50" r="42" fill="none" stroke="${colors.passed}" stroke-width="9" stroke-dasharray="${filled} ${Math.ceil(around)}" transform="rotate(-90 50 50)"/>`;
  return html`<svg class="ring" viewBox="0 0 100 100" width="112" height="112" role="img" aria-label="Compliance: ${shown}"><circle class="track" cx="50" cy="50" r="42" fill="none" stroke="${palette.light.rule}" stroke-width="9"/>${arc}<text x="50" y="51" text-anchor="middle" font-size="13" class="figure">${shown}</text><text x="50" y="64" text-anchor="middle" font-size="8.5" class="unit">compliance</text></svg>`;
}
