// SPDX-License-Identifier: Apache-2.0
import { type Html, html, nothing } from '../../html/markup.ts';
import { columnHeads, section, table } from '../../html/parts.ts';
import { plural } from '../../words.ts';
import type { FindingsModel, ShownWaiver } from '../model.ts';

const states = {
  applied: 'excuses',
  expired: 'EXPIRED: counts again',
  endless: 'no end: does not excuse critical or high',
  unused: 'excuses nothing',
} as const satisfies Record<ShownWaiver['state'], string>;

const most = 500;

export function waivers({ waivers: all }: FindingsModel): Html {
  if (all.length === 0) return nothing;
  const rows = all.slice(0, most).map(
    ({
      key,
      reason,
      origin,
      expires,
      state,
    }) => html`<tr><th scope="row"><code>${key}</code></th><td><span class="state ${state === 'applied' ? 'active' : 'expired'}">${states[state]}</span></td><td>${expires?.slice(0, 10) ?? '–'}</td><td>${reason}</td><td>${origin}</td></tr>
`,
  );
  const head = columnHeads('What', 'State', 'Until', 'Reason', 'From');
  const grid = table({ caption: plural(all.length, 'waiver'), head, rows });
  const rest = all.length - most;
  const more = rest > 0 ? html`<p class="note">${plural(rest, 'more waiver')} in findings.json.</p>` : nothing;
  return section({ id: 'waivers', title: 'Waivers', body: html`${grid}${more}` });
}
