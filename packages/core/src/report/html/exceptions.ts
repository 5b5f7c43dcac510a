// SPDX-License-Identifier: Apache-2.0
import { shortLine } from '../text.ts';
import { waivedRows, waiverState } from '../views.ts';
import { plural } from '../words.ts';
import { cutList } from './cut-list.ts';
import { type Html, html, nothing } from './markup.ts';
import type { Page } from './page.ts';
import { columnHeads, controlLinks, section, table, unique } from './parts.ts';
import { nameOf } from './replicas.ts';

/** Who accepted what, why and until when. The same waiver in several targets is one line. */
export function waivers({ views, controls, columns }: Page): Html {
  const waived = waivedRows(views);
  if (waived.length === 0) return nothing;
  const places = new Map(controls.flatMap(control => control.cells.map((row, index) => [row, { control, index }])));
  const lines = new Map<string, { first: (typeof waived)[number]; anchor: string | undefined; targets: string[] }>();
  for (const row of waived) {
    const place = places.get(row);
    const key = JSON.stringify([row.profile, row.key, row.waiver, row.waived]);
    const line = lines.get(key) ?? { first: row, anchor: place?.control.anchor, targets: [] };
    line.targets.push(columns[place?.index ?? -1]?.name ?? '');
    lines.set(key, line);
  }
  const rows = [...lines.values()].map(({ first, anchor, targets }) => {
    const { waiver } = first;
    return html`<tr><th scope="row">${controlLinks([first.id], () => anchor)}</th><td><span class="state ${waiver?.state}">${waiverState(first)}</span></td><td>${waiver?.reason || 'no reason was given'}</td><td>${waiver?.owner ?? 'not named'}</td><td class="ids">${cutList(unique(targets))}</td></tr>
`;
  });
  const head = columnHeads('Control', 'State', 'Reason', 'Owner', 'Targets');
  const body = table({ caption: 'Controls with a waiver, expired ones first', head, rows });
  return section({ id: 'waivers', title: `Waivers (${rows.length})`, body });
}

/** What changed against the baseline, target by target. */
export function changes(page: Page): Html {
  const compared = page.replicas.flatMap(same => {
    const { comparison } = same[0].judged;
    return comparison === undefined || comparison.exit === 2 ? [] : [{ same, comparison }];
  });
  if (compared.length === 0) return nothing;
  const rows = compared.map(({ same, comparison }) => {
    const anchors = page.anchors.get(same[0]);
    const cell = (ids: string[]) => {
      const names = ids.map(id => shortLine(id, 200));
      return html`<td class="ids">${plural(ids.length, 'control')}${ids.length > 0 ? ': ' : ''}${ids.length > 0 ? controlLinks(names, id => anchors?.get(id)) : ''}</td>`;
    };
    return html`<tr>${nameOf(same)}${cell(comparison.new)}${cell(comparison.lost)}${cell(comparison.fixed)}${cell(comparison.known)}<td class="num">${comparison.unchanged.length}</td></tr>
`;
  });
  const head = columnHeads('Target', 'Newly failed', 'No longer evaluated', 'Fixed', 'Failed before too', 'Unchanged');
  const body = table({ caption: 'Results compared with the baseline', head, rows, className: 'changes' });
  return section({ id: 'changes', title: 'Since the baseline', body });
}
