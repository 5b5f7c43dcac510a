// SPDX-License-Identifier: Apache-2.0

import type { Observation } from '../../outcome/outcome.ts';
import { percentText, statusOrder } from '../tally.ts';
import { oneLine } from '../text.ts';
import type { OutcomeView } from '../views.ts';
import { statusWords } from '../words.ts';
import { bar, toShares } from './bars.ts';
import { type Html, html, nothing, type Part } from './markup.ts';
import { type Page, words } from './page.ts';
import { columnHeads, count, facts, numberHeads, secondsText, section, statusTag, table, timeText } from './parts.ts';

const results = {
  pass: html`<span class="st p">Met</span>`,
  fail: html`<span class="st f">Not met</span>`,
  error: html`<span class="st e">Not judged</span>`,
} as const;

/** One line for each audit: what was looked at, how, and what came of it. */
export function targets(page: Page): Html {
  if (page.views.length === 0)
    return section({ id: 'targets', title: 'Targets', body: html`<p>There was no target.</p>` });
  const severalProfiles = new Set(page.views.map(view => view.profile)).size > 1;
  const rows = page.views.map(view => line(view, severalProfiles));
  const head = html`${columnHeads('Target', ...(severalProfiles ? ['Profile'] : []), 'Gate')}${numberHeads('Compliance', ...statusOrder.map(status => statusWords[status]))}<th scope="col" class="picture">Share</th>`;
  const body = html`${table({ caption: 'Targets with their results', head, rows, className: 'targets' })}
<details class="more"><summary>How each target was looked at</summary>
${page.views.map(view => look(view))}</details>`;
  return section({ id: 'targets', title: `Targets (${page.columns.length})`, body });
}

function line(view: OutcomeView, withProfile: boolean): Html {
  const { counts } = view;
  const shares = toShares(status => counts?.[status].total ?? 0);
  const numbers =
    counts === undefined
      ? html`<td colspan="${statusOrder.length + 1}" class="code">${view.trouble?.code ?? ''}</td>`
      : html`${statusOrder.map(status => count(shares[status]))}<td class="picture">${bar(
          shares,
          statusOrder.reduce((sum, status) => sum + shares[status], 0),
        )}</td>`;
  const { observation } = view.judged.outcome;
  const lens =
    observation === undefined
      ? 'never opened'
      : `${observation.lens} lens${observation.view === 'files-only' ? ', files only' : ''}`;
  return html`<tr><th scope="row">${view.name}<small>${workload(view)}</small><small>${lens}</small></th>${withProfile ? html`<td>${view.profile}</td>` : nothing}<td>${results[view.result]}</td><td class="num">${percentText(view.compliance)}</td>${numbers}</tr>
`;
}

function workload({ target }: OutcomeView): string {
  return target === undefined
    ? 'no such target was found'
    : `${target.owner.kind} ${target.owner.name}, ${target.image}`;
}

function look(view: OutcomeView): Html {
  const { target, judged } = view;
  const platform = judged.outcome.kind === 'audited' ? judged.outcome.hdf.platform : undefined;
  const pairs: [string, Part][] = [
    ['Identity', html`<code>${view.identity}</code>`],
    ['Profile', view.profile],
    ['Platform', platform === undefined ? undefined : `${platform.name} ${platform.release}`],
    ['Image', target === undefined ? undefined : html`<code>${target.image}</code>`],
    ['Image digest', target?.imageDigest === undefined ? undefined : html`<code>${target.imageDigest}</code>`],
    ['Pod uid', target === undefined ? undefined : html`<code>${target.podUid}</code>`],
    ['Node', target?.node],
    ['Restarts', target?.restartCount],
  ];
  return html`<h3>${view.name}</h3>${facts([...pairs, ...observed(judged.outcome.observation)])}
`;
}

function observed(seen: Observation | undefined): [string, Part][] {
  if (seen === undefined) return [];
  return [
    ['Lens', seen.lens],
    ['View', viewWords[seen.view]],
    ['Started', timeText(seen.started)],
    ['Took', secondsText(seen.seconds)],
    ['Commands run', seen.commands],
    ['Bytes read', seen.bytes],
    ['Tools missing', seen.toolsMissing.map(tool => oneLine(tool)).join(', ')],
    ['Questions not answered', seen.notSeen],
    ['Retries', seen.retries],
    ['Answers cut short', seen.truncated],
    ['Answered without the target', seen.virtual.map(fact => oneLine(fact)).join(', ')],
    ['Stays behind in the pod', seen.leftBehind],
  ];
}

const viewWords = { full: 'full', 'files-only': 'files only: commands and processes could not be seen' } as const;

/** Controls down, targets across: where several targets differ. */
export function matrix(page: Page): Html {
  if (page.columns.length < 2 || page.controls.length === 0) return nothing;
  const judged = page.columns.map(column => column.views.some(view => view.trouble === undefined));
  const rows = page.controls.map(({ anchor, row, cells }, index) => {
    const marks = cells.map((cell, column) => {
      if (cell !== undefined) return cellMarks[cell.word];
      return judged[column] === true ? absent : unknown;
    });
    return html`<tr data-c="${index}"><th scope="row"><a href="#${anchor}">${row.id}</a></th><td class="v ${row.severity}">${row.severity}</td>${marks}</tr>
`;
  });
  const names = page.columns.map(({ name }) => html`<th scope="col" class="turned">${heading(name)}</th>`);
  const legend = html`<p class="legend">${words.map(word => html`${statusTag(word)} `)}<span class="st x">Unknown</span> <span class="st a">None</span></p>
<p class="note">“Unknown”: the target could not be judged. “None”: its profile has no such control.</p>`;
  const body = html`${legend}${table({ caption: 'Status of every control in every target', head: html`${columnHeads('Control', 'Severity')}${names}`, rows, className: 'matrix' })}`;
  return section({ id: 'matrix', title: 'Side by side', body });
}

const longest = 60;

/** Both ends of a name tell targets apart; the middle stands in the title. */
function heading(name: string): Html {
  if (name.length <= longest) return html`<span>${name}</span>`;
  const half = Math.floor(longest / 2) - 1;
  return html`<span title="${name}">${name.slice(0, half)}…${name.slice(-half)}</span>`;
}

const absent = html`<td class="a">None</td>`;
const unknown = html`<td class="x">Unknown</td>`;
const cellMarks = {
  Failed: html`<td class="f">Failed</td>`,
  Error: html`<td class="e">Error</td>`,
  'Not reviewed': html`<td class="s">Not reviewed</td>`,
  Passed: html`<td class="p">Passed</td>`,
  Waived: html`<td class="w">Waived</td>`,
  'Not applicable': html`<td class="n">Not applicable</td>`,
} as const;
