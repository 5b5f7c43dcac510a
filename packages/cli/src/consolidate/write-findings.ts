// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import {
  type FindingsModel,
  type FindingsReportSpec,
  findingsReportFile,
  insertBeforeExtension,
  renderFindingsReport,
  ScanError,
  writeAtomic,
} from '@cinc-scan/core';
import { print, type Terminal } from '../terminal.ts';

/** Writes every report that was asked for, and `findings.json` always; `-` is standard output. */
export async function writeFindings(
  model: FindingsModel,
  specs: readonly FindingsReportSpec[],
  { folder, terminal }: { folder: string; terminal: Terminal },
): Promise<void> {
  const asked = specs.some(({ kind, path }) => kind === 'json' && path === undefined);
  const all: FindingsReportSpec[] = asked ? [...specs] : [{ kind: 'json', path: undefined }, ...specs];
  for (const { kind, path } of all) {
    const files = renderFindingsReport(kind, model);
    if (path === '-' && files.length > 1)
      throw new ScanError('USAGE', `The report ${kind} has ${files.length} files; standard output takes one`);
    const place = path === undefined ? resolve(folder, findingsReportFile(kind)) : resolve(terminal.cwd, path);
    for (const [index, pieces] of files.entries())
      if (path === '-') for (const piece of pieces) await print(terminal.data, piece);
      else await writeAtomic(index === 0 ? place : insertBeforeExtension(place, `${index + 1}`), pieces, terminal.cwd);
  }
}
