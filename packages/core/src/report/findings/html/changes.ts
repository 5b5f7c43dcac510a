// SPDX-License-Identifier: Apache-2.0
import { type ComparedFinding, findingSeverities, findingStatuses, isNew } from '../../../findings/index.ts';
import { type Html, html, nothing } from '../../html/markup.ts';
import { columnHeads, count, grouped, numberHeads, section, table } from '../../html/parts.ts';
import type { FindingsModel } from '../model.ts';
import { severityName, statusNames } from '../names.ts';
import { placeText, versionText, worstFirst } from '../tally.ts';

const mostNew = 100;

/** What became of the findings since the run before, and which of them are new. */
export function changes({ rows, isCompared }: FindingsModel): Html {
  if (!isCompared) return nothing;
  const byStatus = Map.groupBy(rows, ({ status }) => status);
  const lines = findingStatuses.map(status => {
    const of = byStatus.get(status) ?? [];
    const numbers = findingSeverities.map(severity =>
      count(of.filter(({ finding }) => finding.severity === severity).length),
    );
    return html`<tr><th scope="row">${statusNames[status]}</th>${numbers}${count(of.length)}</tr>
`;
  });
  const severities = findingSeverities.map(severityName);
  const head = html`${columnHeads('Status')}${numberHeads(...severities, 'Total')}`;
  const grid = table({ caption: 'Findings by what became of them', head, rows: lines });
  return section({ id: 'changes', title: 'Since the run before', body: html`${grid}${newOnes(rows)}` });
}

function newOnes(rows: readonly ComparedFinding[]): Html {
  const fresh = worstFirst(rows.filter(isNew));
  if (fresh.length === 0) return nothing;
  const lines = fresh.slice(0, mostNew).map(
    ({ finding, status }) =>
      html`<tr><th scope="row">${finding.rule}<small>${finding.title}</small></th><td><span class="v ${finding.severity}">${severityName(finding.severity)}</span></td><td>${statusNames[status]}</td><td>${finding.target}</td><td><code>${placeText(finding)}</code></td><td>${versionText(finding)}</td></tr>
`,
  );
  const rest = fresh.length - mostNew;
  const more =
    rest > 0 ? html`<p class="note">${grouped(rest)} more are new: findings.json has them all.</p>` : nothing;
  const head = columnHeads('Rule', 'Severity', 'Status', 'Target', 'Place', 'Versions');
  return html`${table({ caption: 'What is new, worst first', head, rows: lines })}${more}`;
}
