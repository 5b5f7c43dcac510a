// SPDX-License-Identifier: Apache-2.0
import stringWidth from 'fast-string-width';

type GridRow = readonly string[];

const gap = 2;
const indent = '  ';

/**
 * Rows in columns, the first row being their heads: for each row its lines, none wider than the terminal.
 * Where the columns are too wide, heads take two lines; where that is not enough, the first cell takes a line of its own.
 */
export function grid(rows: readonly GridRow[], width: number): string[][] {
  const [head = [], ...body] = rows;
  const flat = [[head], splitHead(head)].find(heads => lineWidth([...heads, ...body]) + indent.length <= width);
  if (flat !== undefined) return inColumns(flat, body, indent);
  const rest = body.map(row => row.slice(1));
  const deep = indent + indent;
  const heads = [[head.slice(1)], splitHead(head.slice(1))];
  const fitting = heads.find(each => lineWidth([...each, ...rest]) + deep.length <= width) ?? heads[1] ?? [];
  const names = rows.map(([name = '']) => indent + fitName(name, width - indent.length));
  return inColumns(fitting, rest, deep).map((lines, index) => [names[index] ?? '', ...lines]);
}

/** `Not reviewed` over two lines; what is one word stands on the second. */
function splitHead(head: GridRow): GridRow[] {
  const cells = head.map(text => /^(?:(.+) )?(.*)$/.exec(text) ?? []);
  return [cells.map(([, above = '']) => above), cells.map(([, , below = '']) => below)];
}

function inColumns(heads: readonly GridRow[], body: readonly GridRow[], margin: string): string[][] {
  const widths = columnWidths([...heads, ...body]);
  const line = (row: GridRow) =>
    `${margin}${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join(' '.repeat(gap))}`.trimEnd();
  return [heads.map(line), ...body.map(row => [line(row)])];
}

const columnWidths = (rows: readonly GridRow[]): number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => stringWidth(row[column] ?? ''))));

const lineWidth = (rows: readonly GridRow[]): number =>
  columnWidths(rows).reduce((sum, each, column) => sum + each + (column === 0 ? 0 : gap), 0);

const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - stringWidth(text)));

const shortestPart = 24;
const tail = 14;

/** `namespace/pod/container` cut in the middle of its longest parts: replicas differ in the ends of their pods' names. */
function fitName(name: string, width: number): string {
  const parts = name.split('/').map(part => Array.from(part));
  for (;;) {
    const excess = stringWidth(parts.map(part => part.join('')).join('/')) - width;
    const longest = parts.toSorted((a, b) => b.length - a.length)[0] ?? [];
    if (excess <= 0 || longest.length <= shortestPart) break;
    const kept = Math.max(shortestPart, longest.length - excess);
    longest.splice(kept - tail - 1, longest.length - kept + 1, '…');
  }
  return cutCells(parts.map(part => part.join('')).join('/'), width);
}

/** At most so many cells of a terminal, on which some characters take two. */
function cutCells(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const points = Array.from(text);
  while (points.length > 0 && stringWidth(points.join('')) >= width) points.pop();
  return `${points.join('')}…`;
}
