// SPDX-License-Identifier: Apache-2.0

/** Text of ours as Markdown: code spans stay, `<name>` outside of them is not taken for HTML. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('>', '&gt;')))
    .join('');
}

export const code = (text: string): string => `\`${text}\``;

/** A table; cells are Markdown already. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A page of blocks under the note that nobody should edit it. */
export function page(blocks: string[]): string {
  const note = '<!-- Generated: edit the source named below, then run `npm run generate`. -->';
  return `${[note, ...blocks].join('\n\n')}\n`;
}
