// SPDX-License-Identifier: Apache-2.0
import type { ResultStatus } from '../../outcome/index.ts';
import { type Row, shownResults } from '../rows.ts';
import { plural, type StatusWord } from '../words.ts';
import { type Html, html, nothing } from './markup.ts';
import { type ControlView, letters, type Page, words } from './page.ts';
import { statusTag } from './parts.ts';

/** What the engine saw, told once for all targets where it saw the same. */
export function evidence(control: ControlView, page: Page): Html {
  const groups = sameEvidence(control);
  const several = page.columns.length > 1;
  return html`${groups.map(group => {
    const where = several ? html` in ${places(group.columns, control, page)}` : nothing;
    return html`<div class="seen ${letters[group.word]}"><p>${statusTag(group.word)}${where}</p>${group.text}</div>`;
  })}`;
}

interface EvidenceGroup {
  word: StatusWord;
  text: Html;
  columns: number[];
}

function sameEvidence({ cells }: ControlView): EvidenceGroup[] {
  const found = new Map<string, EvidenceGroup>();
  for (const [index, row] of cells.entries()) {
    if (row === undefined) continue;
    const text = resultsOf(row);
    const key = `${row.word}\n${text.text}`;
    const group = found.get(key);
    if (group === undefined) found.set(key, { word: row.word, text, columns: [index] });
    else group.columns.push(index);
  }
  return [...found.values()].toSorted((a, b) => words.indexOf(a.word) - words.indexOf(b.word));
}

const mostNames = 60;

function places(indexes: number[], { cells }: ControlView, { columns }: Page): Html {
  if (indexes.length === columns.length) return html`all ${plural(columns.length, 'target')}`;
  const judged = cells.filter(cell => cell !== undefined).length;
  const names = indexes.slice(0, mostNames).map(index => columns[index]?.name ?? '');
  const rest = indexes.length - names.length;
  const amount = indexes.length === 1 ? nothing : html`${indexes.length} of ${judged} targets: `;
  return html`${amount}<span class="names">${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}</span>`;
}

const resultTags: Record<ResultStatus, Html> = {
  passed: html`<span class="st p">Passed</span>`,
  failed: html`<span class="st f">Failed</span>`,
  skipped: html`<span class="st s">Skipped</span>`,
  error: html`<span class="st e">Error</span>`,
};

function resultsOf(row: Row): Html {
  const { results, leftOut } = shownResults(row, 'all');
  if (results.length === 0) return row.message === '' ? nothing : html`<p>${row.message}</p>`;
  const items = results.map(({ status, description, message }) => {
    const said = message === '' ? nothing : html`<pre>${message}</pre>`;
    return html`<li>${resultTags[status]} ${description}${said}</li>`;
  });
  const rest = leftOut > 0 ? html`<p class="note">${plural(leftOut, 'more result')} in the result file.</p>` : nothing;
  return html`<ul class="results">${items}</ul>${rest}`;
}
