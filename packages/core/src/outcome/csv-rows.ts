// SPDX-License-Identifier: Apache-2.0
import { CsvError, parse } from 'csv-parse/sync';

export type CsvRows = { kind: 'rows'; rows: string[][] } | { kind: 'refused'; problem: string };

/** Reads comma-separated values as RFC 4180 has them; blank lines are left out. */
export function parseCsvRows(text: string): CsvRows {
  try {
    const rows = parse(text, { bom: true, relax_column_count: true, record_delimiter: ['\r\n', '\n', '\r'] });
    return { kind: 'rows', rows: rows.filter(row => row.some(value => value !== '')) };
  } catch (error) {
    return { kind: 'refused', problem: problemOf(error) };
  }
}

/** By its code: the library's own message quotes the field. */
function problemOf(error: unknown): string {
  if (!(error instanceof CsvError)) return 'the text is malformed';
  const what = error.code.replace(/^CSV_/, '').replaceAll('_', ' ').toLowerCase();
  return `line ${String(error['lines'])}: ${what}`;
}
