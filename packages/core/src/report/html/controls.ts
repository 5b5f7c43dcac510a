// SPDX-License-Identifier: Apache-2.0
import { controlText, type Row } from '../rows.ts';
import { shorten, shortLine } from '../text.ts';
import { waiverState } from '../views.ts';
import type { StatusWord } from '../words.ts';
import { evidence } from './evidence.ts';
import { filter } from './filter.ts';
import { type Html, html, join, nothing, reference } from './markup.ts';
import { type ControlView, letters, type Page, words } from './page.ts';
import { facts, section, statusTag } from './parts.ts';

/** Nothing is to be done about these: on paper one line each is enough. */
const brief: ReadonlySet<StatusWord> = new Set(['Passed', 'Waived', 'Not applicable']);

/** Every control with all that is known of it: what needs attention first, then by severity and id. */
export function controls(page: Page): Html {
  if (page.controls.length === 0) return nothing;
  const numbers = new Map(page.controls.map((control, index) => [control, index]));
  const groups = words.flatMap(word => {
    const members = page.controls.filter(({ row }) => row.word === word);
    if (members.length === 0) return [];
    const items = members.map(control => entry(control, numbers.get(control) ?? 0, page));
    return [
      html`<div class="${brief.has(word) ? 'group brief' : 'group'}"><h3>${statusTag(word)} <span class="n">${members.length}</span></h3>
<ul class="controls">
${items}</ul></div>
`,
    ];
  });
  const left = page.budget.leftOut;
  const note =
    left > 0
      ? html`<p class="note">The details of ${left} controls were left out to keep this file small; the result files have all of them.</p>`
      : nothing;
  const body = html`${filter(page)}${note}
${groups}`;
  return section({ id: 'controls', title: `Controls (${page.controls.length})`, body });
}

function entry(control: ControlView, index: number, page: Page): Html {
  const { row, cells, anchor } = control;
  // One letter for each target: all that the filter has to know.
  const marks = cells.map(cell => (cell === undefined ? '-' : letters[cell.word])).join('');
  const several = page.columns.length > 1 ? html`<span class="where">${spread(control)}</span>` : nothing;
  return html`<li><details class="control" id="${anchor}" data-c="${index}" data-s="${marks}" data-v="${row.severity}" data-p="${page.profiles.indexOf(row.profile)}"><summary><span class="v ${row.severity}">${row.severity}</span> <code class="id">${row.id}</code> <span class="title">${row.title}</span> ${several}</summary>
${page.budget.take(() => html`<div class="body">${detail(control, page)}</div>`)}</details></li>
`;
}

/** `Failed in 3 of 50` */
function spread({ row, cells }: ControlView): string {
  const judged = cells.filter(cell => cell !== undefined);
  const same = judged.filter(cell => cell.word === row.word).length;
  return `${row.word} in ${same} of ${judged.length}`;
}

function detail(control: ControlView, page: Page): Html {
  const { row } = control;
  return html`${text('Description', controlText(row, 'desc'))}${waiver(row)}<h4>Evidence</h4>${evidence(control, page)}${text('Check', controlText(row, 'check'))}${text('Fix', controlText(row, 'fix'))}${text('Rationale', controlText(row, 'rationale'))}${attestation(row)}${particulars(control)}${code(row)}`;
}

const text = (name: string, body: string): Html =>
  body === '' ? nothing : html`<h4>${name}</h4><p class="text">${body}</p>`;

function waiver(row: Row): Html {
  if (row.waiver === undefined) return nothing;
  const { reason, owner } = row.waiver;
  return html`<h4>Waiver</h4><p>${waiverState(row)}; owner ${owner ?? 'not named'}; ${reason || 'no reason was given'}</p>`;
}

function attestation({ control: { attestation_data: data } }: Row): Html {
  if (data === undefined || data === null) return nothing;
  const pairs = Object.entries(data).map(([name, value]) => [shortLine(name, 60), valueText(value)] as const);
  return html`<h4>Attestation</h4>${facts(pairs.slice(0, 20))}`;
}

function code({ control }: Row): Html {
  const source = shorten(control.code ?? '', 4096).trim();
  return source === ''
    ? nothing
    : html`<details class="source"><summary>Code of the control</summary><pre><code>${source}</code></pre></details>`;
}

const told: ReadonlySet<string> = new Set(['nist', 'cci', 'check', 'fix', 'rationale', 'desc']);

function statusText({ row, cells }: ControlView): string {
  const differs = cells.some(cell => cell !== undefined && cell.word !== row.word);
  return differs ? `${row.word}, the worst of all targets` : row.word;
}

function particulars(control: ControlView): Html {
  const { row } = control;
  const tags = Object.entries(row.control.tags)
    .filter(([name, value]) => !told.has(name) && value !== null && value !== undefined && value !== '')
    .slice(0, 40)
    .map(([name, value]) => [shortLine(name, 60), valueText(value)] as const);
  return html`<h4>Facts</h4>${facts([
    ['Severity', `${row.severity} (impact ${row.impact})`],
    ['Status', statusText(control)],
    ['Profile', `${row.profile} ${row.profileVersion}`.trim()],
    ['Source', row.source === undefined ? undefined : html`<code>${row.source.ref}:${row.source.line}</code>`],
    ['NIST SP 800-53', row.nist.join(', ')],
    ['CCI', row.cci.join(', ')],
    ...tags,
    ['References', references(row)],
  ])}`;
}

function valueText(value: unknown): string {
  const raw = typeof value === 'string' ? value : JSON.stringify(value);
  return shortLine(Array.isArray(value) && value.every(item => typeof item === 'string') ? value.join(', ') : raw, 500);
}

function references({ control: { refs } }: Row): Html {
  const known = refs.slice(0, 20).flatMap(({ ref, url, uri }) => {
    const address = url ?? uri;
    const name = typeof ref === 'string' ? shortLine(ref, 300) : '';
    const link = address === undefined ? undefined : reference(shortLine(address, 2000));
    if (link === undefined) return name === '' ? [] : [reference(name)];
    return [name === '' || name === address ? link : html`${name}: ${link}`];
  });
  return known.length === 0 ? nothing : join(known, html`<br>`);
}
