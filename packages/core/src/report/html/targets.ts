// SPDX-License-Identifier: Apache-2.0

import type { Observation } from '../../outcome/index.ts';
import { jailText } from '../jail-words.ts';
import { podOf, type Replicas, titleOf } from '../replicas.ts';
import { percentText, statusOrder } from '../tally.ts';
import { oneLine } from '../text.ts';
import type { OutcomeView } from '../views.ts';
import { statusWords } from '../words.ts';
import { bar, toShares } from './bars.ts';
import { type Html, html, nothing, type Part } from './markup.ts';
import { type Page, words } from './page.ts';
import { columnHeads, count, facts, numberHeads, secondsText, section, statusTag, table, timeText } from './parts.ts';
import { podsOf, shared } from './replicas.ts';

const results = {
  pass: html`<span class="st p">Met</span>`,
  fail: html`<span class="st f">Not met</span>`,
  error: html`<span class="st e">Not judged</span>`,
} as const;

/** One line for each audit, or for equal ones of replicas: what was looked at, how, and what came of it. */
export function targets(page: Page): Html {
  if (page.views.length === 0)
    return section({ id: 'targets', title: 'Targets', body: html`<p>There was no target.</p>` });
  const severalProfiles = new Set(page.views.map(view => view.profile)).size > 1;
  const rows = page.replicas.map(same => line(same, severalProfiles));
  const head = html`${columnHeads('Target', ...(severalProfiles ? ['Profile'] : []), 'Gate')}${numberHeads('Compliance', ...statusOrder.map(status => statusWords[status]))}<th scope="col" class="picture">Share</th>`;
  const body = html`${table({ caption: 'Targets with their results', head, rows, className: 'targets' })}
<details class="more"><summary>How each target was looked at</summary>
${page.model.jail === undefined ? nothing : html`<p>Jail of profile code: ${jailText(page.model.jail)}.</p>`}
${page.replicas.map(same => factsOf(same))}</details>`;
  return section({ id: 'targets', title: `Targets (${page.columns.length})`, body });
}

function line(same: Replicas, withProfile: boolean): Html {
  const [view] = same;
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
  return html`<tr><th scope="row">${titleOf(same)}${podsOf(same)}<small>${workload(view)}</small><small>${lens}</small></th>${withProfile ? html`<td>${view.profile}</td>` : nothing}<td>${results[view.result]}</td><td class="num">${percentText(view.compliance)}</td>${numbers}</tr>
`;
}

function workload({ target }: OutcomeView): string {
  return target === undefined
    ? 'no such target was found'
    : `${target.owner.kind} ${target.owner.name}, ${target.image}`;
}

function factsOf(same: Replicas): Html {
  const pairs = same.map(view => [podOf(view), factsOfView(view)] as const);
  return html`<h3>${titleOf(same)}</h3>${podsOf(same)}${facts(shared(pairs))}
`;
}

function factsOfView(view: OutcomeView): [string, Part][] {
  const { target, judged } = view;
  const platform = judged.outcome.kind === 'audited' ? judged.outcome.hdf.platform : undefined;
  return [
    ['Identity', html`<code>${view.identity}</code>`],
    ['Profile', view.profile],
    ['Platform', platform === undefined ? undefined : `${platform.name} ${platform.release}`],
    ['Image', target === undefined ? undefined : html`<code>${target.image}</code>`],
    ['Image digest', target?.imageDigest === undefined ? undefined : html`<code>${target.imageDigest}</code>`],
    ['Pod uid', target === undefined ? undefined : html`<code>${target.podUid}</code>`],
    ['Node', target?.node],
    ['Restarts', target?.restartCount],
    ...observed(judged.outcome.observation),
  ];
}

function observed(seen: Observation | undefined): [string, Part][] {
  if (seen === undefined) return [];
  return [
    ['Lens', seen.lens],
    ['View', viewWords[seen.view]],
    ['Witness', witnessWords[seen.witness]],
    ['Started', timeText(seen.started)],
    ['Took', secondsText(seen.seconds)],
    ['Commands run', seen.commands],
    ['Bytes read', seen.bytes],
    ['Tools missing', seen.toolsMissing.map(tool => oneLine(tool)).join(', ')],
    ['Questions not answered', seen.notSeen],
    ['Retries', seen.retries],
    ['Answers cut short', seen.truncated],
    ['Answered without the target', seen.virtual.map(fact => oneLine(fact)).join(', ')],
    ['Left behind in the pod', seen.leftBehind],
  ];
}

const viewWords = { full: 'full', 'files-only': 'files only: commands and processes could not be seen' } as const;

const witnessWords = {
  target: "the target's own programs",
  guarded: 'our own tools, out of the reach of the target',
  reachable: 'our own tools; processes of the target could reach and change them',
} as const;

/** Controls down, targets across: where several targets differ. */
export function matrix(page: Page): Html {
  if (page.columns.length < 2 || page.controls.length === 0) return nothing;
  const shown = foldColumns(page);
  const rows = page.controls.map(({ anchor, row, cells }, index) => {
    const marks = shown.map(({ column, isJudged }) => {
      const cell = cells[column];
      if (cell !== undefined) return cellMarks[cell.word];
      return isJudged ? absent : unknown;
    });
    return html`<tr data-c="${index}"><th scope="row"><a href="#${anchor}">${row.id}</a></th><td class="v ${row.severity}">${row.severity}</td>${marks}</tr>
`;
  });
  const names = shown.map(({ name }) => html`<th scope="col" class="turned">${heading(name)}</th>`);
  const legend = html`<p class="legend">${words.map(word => html`${statusTag(word)} `)}<span class="st x">Unknown</span> <span class="st a">None</span></p>
<p class="note">“Unknown”: the target could not be judged. “None”: its profile has no such control.</p>`;
  const body = html`${legend}${table({ caption: 'Status of every control in every target', head: html`${columnHeads('Control', 'Severity')}${names}`, rows, className: 'matrix' })}`;
  return section({ id: 'matrix', title: 'Side by side', body });
}

interface ShownColumn {
  /** Which column stands for its equals. */
  column: number;
  name: string;
  isJudged: boolean;
}

/** Columns of which every view has an equal in the other are one. */
function foldColumns({ columns, replicas }: Page): ShownColumn[] {
  const groups = new Map(replicas.flatMap(same => same.map(view => [view, same] as const)));
  const equals = Map.groupBy(columns.keys(), index =>
    JSON.stringify(columns[index]?.views.map(view => replicas.findIndex(same => same === groups.get(view)))),
  );
  return [...equals.values()].flatMap(([index = 0, ...others]) => {
    const column = columns[index];
    const [view] = column?.views ?? [];
    const same = view === undefined ? undefined : groups.get(view);
    if (column === undefined || same === undefined) return [];
    const name = others.length === 0 ? column.name : `${titleOf(same)} (${others.length + 1} pods)`;
    return [{ column: index, name, isJudged: column.views.some(({ trouble }) => trouble === undefined) }];
  });
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
