// SPDX-License-Identifier: Apache-2.0
import { toCompliance } from '../../gate/index.ts';
import { byPart, type Framework, type FrameworkId, frameworks } from '../frameworks.ts';
import { percentText, statusOrder } from '../tally.ts';
import { statusWords } from '../words.ts';
import { bar, noShares, type Shares } from './bars.ts';
import { type Html, html, nothing } from './markup.ts';
import type { ControlView, Page } from './page.ts';
import { columnHeads, controlLinks, count, grouped, numberHeads, section, table } from './parts.ts';

/** Compliance by the parts of each framework that the controls are tagged with. */
export const frameworkSections = (page: Page): Record<FrameworkId, Html> => ({
  'nist-800-53': framework(page, frameworks['nist-800-53']),
  'nist-800-190': framework(page, frameworks['nist-800-190']),
  'cis-docker': framework(page, frameworks['cis-docker']),
  'cis-kubernetes': framework(page, frameworks['cis-kubernetes']),
  'mitre-attack': framework(page, frameworks['mitre-attack']),
});

interface FrameworkLine {
  part: string;
  shares: Shares;
  bad: ControlView[];
}

/** A control counts once for every part it is tagged with, in every target. */
function linesOf({ controls }: Page, partsOf: (control: ControlView) => string[]): FrameworkLine[] {
  const found = new Map<string, FrameworkLine>();
  for (const control of controls)
    for (const part of new Set(partsOf(control))) {
      const line = found.get(part) ?? { part, shares: noShares(), bad: [] };
      for (const cell of control.cells) if (cell !== undefined) line.shares[cell.status] += 1;
      if (control.row.status === 'failed' || control.row.status === 'error') line.bad.push(control);
      found.set(part, line);
    }
  return [...found.values()].toSorted((a, b) => byPart(a.part, b.part));
}

function framework(page: Page, { id, heading, column, partsOf, nameOf }: Framework): Html {
  const lines = linesOf(page, ({ row }) => partsOf(row.control));
  if (lines.length === 0) return nothing;
  const rows = lines.map(({ part, shares, bad }) => {
    const all = statusOrder.reduce((sum, status) => sum + shares[status], 0);
    const anchors = new Map(bad.map(({ row, anchor }) => [row.id, anchor]));
    const links = controlLinks([...anchors.keys()], control => anchors.get(control));
    return html`<tr><th scope="row">${part} <small>${nameOf(part)}</small></th><td class="num">${complianceText(shares)}</td>${statusOrder.map(status => count(shares[status]))}<td class="picture">${bar(shares, all)}</td><td class="ids">${links}</td></tr>
`;
  });
  const head = html`${columnHeads(column)}${numberHeads('Compliance', ...statusOrder.map(status => statusWords[status]))}<th scope="col" class="picture">Share</th>${columnHeads('Failed or errored')}`;
  const caption = `Control results by ${heading}, from the tags of the controls`;
  const grid = table({ caption, head, rows, className: 'frame' });
  return section({ id, title: heading, body: folded(lines, grid) });
}

function folded(lines: FrameworkLine[], grid: Html): Html {
  const bad = lines.filter(line => line.bad.length > 0).length;
  const all = `${grouped(lines.length)} in all, ${bad === 0 ? 'none' : grouped(bad)} with failed or errored controls`;
  return html`<details class="more"><summary>${all}</summary>${grid}</details>`;
}

function complianceText(shares: Shares): string {
  const row = (total: number) => ({ total });
  const { passed, failed, skipped, no_impact: noImpact, error } = shares;
  return percentText(
    toCompliance({
      passed: row(passed),
      failed: row(failed),
      skipped: row(skipped),
      no_impact: row(noImpact),
      error: row(error),
    }),
  );
}
