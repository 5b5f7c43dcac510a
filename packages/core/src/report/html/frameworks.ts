// SPDX-License-Identifier: Apache-2.0
import { toCompliance } from '../../gate/count.ts';
import { byPart, type Framework, type FrameworkId, frameworks } from '../frameworks.ts';
import { percentText, statusOrder } from '../tally.ts';
import { statusWords } from '../words.ts';
import { bar, noShares, type Shares } from './bars.ts';
import { type Html, html, nothing } from './markup.ts';
import type { ControlView, Page } from './page.ts';
import { columnHeads, controlLinks, count, numberHeads, section, table } from './parts.ts';

/** Compliance by the parts of each framework that the controls are tagged with. */
export const frameworkSections = (page: Page): Record<FrameworkId, Html> => ({
  'nist-800-53': framework(page, frameworks['nist-800-53']),
  'nist-800-190': framework(page, frameworks['nist-800-190']),
  'cis-docker': framework(page, frameworks['cis-docker']),
  'cis-kubernetes': framework(page, frameworks['cis-kubernetes']),
  'mitre-attack': framework(page, frameworks['mitre-attack']),
});

interface Line {
  part: string;
  shares: Shares;
  bad: ControlView[];
}

/** A control counts once for every part it is tagged with, in every target. */
function collect({ controls }: Page, partsOf: (control: ControlView) => string[]): Line[] {
  const found = new Map<string, Line>();
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
  const lines = collect(page, ({ row }) => partsOf(row.control));
  if (lines.length === 0) return nothing;
  const rows = lines.map(({ part, shares, bad }) => {
    const all = statusOrder.reduce((sum, status) => sum + shares[status], 0);
    const anchors = new Map(bad.map(({ row, anchor }) => [row.id, anchor]));
    const links = controlLinks([...anchors.keys()], control => anchors.get(control));
    return html`<tr><th scope="row">${part} <small>${nameOf(part)}</small></th><td class="num">${complianceText(shares)}</td>${statusOrder.map(status => count(shares[status]))}<td class="picture">${bar(shares, all)}</td><td>${links}</td></tr>
`;
  });
  const head = html`${columnHeads(column)}${numberHeads('Compliance', ...statusOrder.map(status => statusWords[status]))}<th scope="col" class="picture">Share</th>${columnHeads('Failed or errored')}`;
  return section({
    id,
    title: heading,
    body: table({
      caption: `Control results by ${heading}, from the tags of the controls`,
      head,
      rows,
      className: 'frame',
    }),
  });
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
