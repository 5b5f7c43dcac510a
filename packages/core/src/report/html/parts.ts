// SPDX-License-Identifier: Apache-2.0
import { byText, type StatusWord } from '../words.ts';
import { cutList } from './cut-list.ts';
import { type Html, html, nothing, type Part } from './markup.ts';
import { letters } from './page.ts';

/** A status as its word, with a symbol and a colour where the style sheet works. */
export const statusTag = (word: StatusWord): Html => html`<span class="st ${letters[word]}">${word}</span>`;

export interface Section {
  id: string;
  title: string;
  body: Html;
}

export const section = ({ id, title, body }: Section): Html =>
  body === nothing
    ? nothing
    : html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`;

interface Table {
  caption: string;
  head: Html;
  rows: Html[];
  className?: string;
}

/** A table that scrolls on its own where it is wider than the page, also by keyboard. */
export const table = ({ caption, head, rows, className = '' }: Table): Html =>
  html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="${className}">
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;

export const columnHeads = (...names: string[]): Html => html`${names.map(name => html`<th scope="col">${name}</th>`)}`;

export const numberHeads = (...names: string[]): Html =>
  html`${names.map(name => html`<th scope="col" class="num">${name}</th>`)}`;

/** `13,500` */
export const grouped = (value: number): string => `${value}`.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');

/** A number of things, quiet if there is none. */
export const count = (value: number): Html => html`<td class="num${value === 0 ? ' zero' : ''}">${grouped(value)}</td>`;

const most = 150;

/** Ids as links to where their controls are told. */
export function controlLinks(ids: readonly string[], anchorOf: (id: string) => string | undefined): Html {
  if (ids.length === 0) return html`–`;
  const links = ids.slice(0, most).map(id => {
    const anchor = anchorOf(id);
    return anchor === undefined ? html`<code>${id}</code>` : html`<a href="#${anchor}"><code>${id}</code></a>`;
  });
  const beyond = ids.length - most;
  return cutList(beyond > 0 ? [...links, `${beyond} that stand only under Controls`] : links);
}

/** Pairs of a name and what is known; what is not known is left out. */
export function facts(pairs: readonly (readonly [string, Part])[]): Html {
  const known = pairs.filter(([, value]) => value !== undefined && value !== '' && value !== nothing);
  return html`<dl class="facts">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** `2026-11-21 09:00:00 UTC`; what is no time is shown as it is. */
export function timeText(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function secondsText(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const rest = `${Math.floor((whole % 3600) / 60)} min ${whole % 60} s`;
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)} h ${rest}`;
}

/** Names in order, each once. */
export const unique = (names: readonly string[]): string[] => [...new Set(names)].toSorted(byText);
