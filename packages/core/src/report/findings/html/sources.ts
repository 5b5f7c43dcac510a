// SPDX-License-Identifier: Apache-2.0
import { type Html, html, nothing } from '../../html/markup.ts';
import { columnHeads, count, grouped, numberHeads, section, table, timeText } from '../../html/parts.ts';
import { plural } from '../../words.ts';
import type { FindingsModel, ShownSource } from '../model.ts';
import { areaNames } from '../names.ts';
import { checkedAt, toolText } from '../tally.ts';
import { ageTag } from './age.ts';

/** Each source with its age and what it covered: what a scanner did not look for is not clean. */
export function sources({ sources: all, run }: FindingsModel): Html {
  const rows = all.map(
    source => html`<tr><th scope="row">${source.id}<small>${toolText(source)}</small></th><td>${areaNames[source.area]}<small>${source.target}</small></td><td>${lookText(source)}</td><td>${ageCell(source, run.at)}</td><td>${coverage(source)}</td>${count(source.findings)}</tr>
`,
  );
  const head = html`${columnHeads('Source', 'Area and target', 'Looked', 'Age', 'Coverage')}${numberHeads('Findings')}`;
  const grid = table({ caption: `${plural(all.length, 'source')}, their age and what they covered`, head, rows });
  return section({ id: 'sources', title: 'Sources', body: html`${grid}${warnings(all)}${files(all)}` });
}

const lookText = ({ kind }: ShownSource): Html =>
  kind === 'looked' ? html`<span class="st p">Looked</span>` : html`<span class="st e">Did not look</span>`;

function ageCell(source: ShownSource, at: string): Html {
  const time = checkedAt(source);
  if (time === undefined) return ageTag(source, at);
  return html`${ageTag(source, at)}<small>${timeText(time)}</small>`;
}

function coverage({ ruleset, scope, unchecked, files: of }: ShownSource): Html {
  const parts = [
    ruleset,
    scope === '' ? '' : `only ${scope}`,
    unchecked === 0 ? '' : `${plural(unchecked, 'rule')} not evaluated`,
    of.length > 1 ? plural(of.length, 'file') : '',
  ].filter(Boolean);
  return parts.length === 0 ? html`–` : html`${parts.map(part => html`${part}<br>`)}`;
}

const mostWarnings = 100;

function warnings(all: readonly ShownSource[]): Html {
  const lines = all.flatMap(({ id, warnings: of }) => of.map(text => `${id}: ${text}`));
  if (lines.length === 0) return nothing;
  const shown = lines.slice(0, mostWarnings).map(line => html`<li>${line}</li>`);
  return html`<ul class="warnings">${shown}</ul>${cutNote(lines.length - shown.length, 'warnings')}`;
}

const mostFiles = 500;

function files(all: readonly ShownSource[]): Html {
  const rows = all.flatMap(({ id, files: of }) => of.map(file => ({ id, file })));
  if (rows.length === 0) return nothing;
  const shown = rows.slice(0, mostFiles).map(
    ({
      id,
      file,
    }) => html`<tr><th scope="row">${file.path}</th><td>${id}</td><td>${file.checkedAt === undefined ? 'unknown' : timeText(file.checkedAt)}</td>${count(file.bytes)}<td><code class="digest">${file.sha256 ?? '–'}</code></td></tr>
`,
  );
  const head = html`${columnHeads('File', 'Source', 'Checked')}${numberHeads('Bytes')}${columnHeads('SHA-256')}`;
  const grid = table({ caption: 'Files that were read', head, rows: shown });
  const rest = cutNote(rows.length - shown.length, 'files');
  return html`<details class="more"><summary>Files and their digests</summary>${grid}${rest}</details>`;
}

const cutNote = (rest: number, what: string): Html =>
  rest > 0 ? html`<p class="note">${grouped(rest)} more ${what}: findings.json has them all.</p>` : nothing;
