// SPDX-License-Identifier: Apache-2.0
import { cleanText, shortLine } from './text.ts';

const special = /[&<>"'`\\*_~[\]()!|#@:{}$^]/g;

/** Foreign text inside a line or a table cell: nothing in it is Markdown, HTML, a link or a mention. */
export function code(text: string): string {
  const line = shortLine(text, 4000)
    .replaceAll(special, char => `&#${char.codePointAt(0) ?? 32};`)
    // GitHub links bare host names that begin so.
    .replaceAll(/www\./gi, match => `${match.slice(0, 3)}&#46;`);
  return line === '' ? '' : `<code>${line}</code>`;
}

/** Foreign text of several lines, in a fence that it cannot close. */
export function fence(text: string): string {
  const clean = cleanText(text);
  const longest = Math.max(2, ...[...clean.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}text\n${clean}\n${ticks}`;
}

export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(row => line(row))].join('\n');
}

/** A section that opens on a click; the blank lines make GitHub read Markdown inside. */
export function details(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}
