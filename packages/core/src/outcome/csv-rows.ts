// SPDX-License-Identifier: Apache-2.0

export type CsvRows = { kind: 'rows'; rows: string[][] } | { kind: 'refused'; problem: string };

// A field up to its separator: quoted, with doubled quotes inside, or plain.
const field = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

/** Reads comma-separated values as RFC 4180 has them; blank lines are left out. */
export function parseCsvRows(text: string): CsvRows {
  const rows: string[][] = [];
  let row: string[] = [];
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  field.lastIndex = 0;
  for (let at = 0; at < source.length || row.length > 0; at = field.lastIndex) {
    const match = field.exec(source);
    if (match === null) return { kind: 'refused', problem: `line ${rows.length + 1}: a quote is out of place` };
    const [, quoted, plain = '', separator] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (separator === ',') continue;
    if (row.some(value => value !== '')) rows.push(row);
    row = [];
  }
  return { kind: 'rows', rows };
}
