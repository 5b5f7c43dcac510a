// SPDX-License-Identifier: Apache-2.0
import { severityWords } from '../severity-words.ts';
import { severityColumns, statusOrder, totalCounts } from '../tally.ts';
import { statusWords } from '../words.ts';
import { bar, toShares } from './bars.ts';
import { type Html, html, nothing } from './markup.ts';
import type { Page } from './page.ts';
import { columnHeads, count, numberHeads, section, statusTag, table } from './parts.ts';

/** How many controls of which severity have which status: numbers, and a bar as long as the numbers. */
export function overview({ views }: Page): Html {
  if (views.every(view => view.counts === undefined)) return nothing;
  const counts = totalCounts(views);
  const lines = severityColumns(counts).map(severity => ({
    severity,
    shares: toShares(status => counts[status][severity] ?? 0),
  }));
  const sum = ({ shares }: (typeof lines)[number]) => statusOrder.reduce((all, status) => all + shares[status], 0);
  const longest = Math.max(1, ...lines.map(line => sum(line)));
  const rows = lines.map(
    line => html`<tr><th scope="row">${nameOf(line.severity)}</th>${statusOrder.map(status => count(line.shares[status]))}${count(sum(line))}<td class="picture">${bar(line.shares, longest)}</td></tr>
`,
  );
  const totals = toShares(status => counts[status].total);
  const foot = html`<tr class="sum"><th scope="row">All</th>${statusOrder.map(status => count(totals[status]))}${count(statusOrder.reduce((all, status) => all + totals[status], 0))}<td class="picture">${bar(
    totals,
    statusOrder.reduce((all, status) => all + totals[status], 0),
  )}</td></tr>
`;
  const statusHeads = statusOrder.map(
    status => html`<th scope="col" class="num">${statusTag(statusWords[status])}</th>`,
  );
  const head = html`${columnHeads('Severity')}${statusHeads}${numberHeads('Total')}<th scope="col" class="picture">Share</th>`;
  const body = table({
    caption: 'Control results of all targets by severity and status, as the gate counts them',
    head,
    rows: [...rows, foot],
    className: 'overview',
  });
  return section({ id: 'overview', title: 'Results by severity', body });
}

const names = new Map<string, string>(Object.entries(severityWords).map(([severity, { name }]) => [severity, name]));

/** A severity written in another case is in no bucket, and is shown as it was written. */
const nameOf = (severity: string) => names.get(severity) ?? `“${severity}” (as tagged)`;
