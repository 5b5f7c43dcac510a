// SPDX-License-Identifier: Apache-2.0
import { cleanText } from '../text.ts';

/** Text that is HTML already. Only `html` makes it, so whatever did not pass through it is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | undefined | readonly Part[];

/** A piece of the page. What is put between the literal parts is cleaned and escaped, unless it is HTML already. */
export function html(literals: TemplateStringsArray, ...parts: Part[]): Html {
  let text = literals[0] ?? '';
  for (let index = 0; index < parts.length; index++) text += toText(parts[index]) + (literals[index + 1] ?? '');
  return new Html(text);
}

function toText(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'string') return escapeHtml(part);
  if (part === undefined) return '';
  return typeof part === 'number' ? `${part}` : part.map(each => toText(each)).join('');
}

export const nothing: Html = html``;

export function join(parts: readonly Part[], between: Part): Html {
  return html`${parts.flatMap((part, index) => (index === 0 ? [part] : [between, part]))}`;
}

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escapeHtml(raw: string): string {
  return cleanText(raw).replaceAll(/[&<>"']/g, char => entities.get(char) ?? '');
}

/** A reference of a profile as a link, if it leads to `https:` and carries no credentials; as text otherwise. */
export function reference(address: string): Html {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return html`${address}`;
  return html`<a href="${url.href}" rel="noopener noreferrer">${address}</a>`;
}
