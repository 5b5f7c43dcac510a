// SPDX-License-Identifier: Apache-2.0
import { isAbsolute, relative, resolve, sep } from 'node:path';
import {
  type FindingsModel,
  type FindingsReportSpec,
  findingsReportFile,
  insertBeforeExtension,
  renderFindingsReport,
  ScanError,
  type WrittenReport,
  writeAtomic,
} from '@cinc-scan/core';

interface Place {
  /** Where reports without a path go. */
  folder: string;
  workspace: string;
}

/** A report that was written, and where. */
export type PlacedReport = Pick<WrittenReport, 'format' | 'path'>;

/** Writes every report that was asked for, and `findings.json` always; what goes to standard output is not written yet. */
export async function writeFindings(
  model: FindingsModel,
  specs: readonly FindingsReportSpec[],
  place: Place,
): Promise<PlacedReport[]> {
  const asked = specs.some(({ kind, path }) => kind === 'json' && path === undefined);
  const all: FindingsReportSpec[] = asked ? [...specs] : [{ kind: 'json', path: undefined }, ...specs];
  const written: PlacedReport[] = [];
  for (const spec of all)
    if (spec.path === '-') written.push({ format: spec.kind, path: spec.path });
    else written.push(...(await writeReport(model, spec, place)));
  return written;
}

/** Prints those whose path is `-`: once, when all that they may tell has happened. */
export async function printFindings(
  model: FindingsModel,
  specs: readonly FindingsReportSpec[],
  { print }: { print: (piece: string) => Promise<void> },
): Promise<void> {
  for (const { kind, path } of specs) {
    if (path !== '-') continue;
    const files = renderFindingsReport(kind, model);
    if (files.length > 1)
      throw new ScanError('USAGE', `The report ${kind} has ${files.length} files; standard output takes one`);
    for (const pieces of files) for (const piece of pieces) await print(piece);
  }
}

async function writeReport(
  model: FindingsModel,
  { kind, path }: FindingsReportSpec,
  { folder, workspace }: Place,
): Promise<PlacedReport[]> {
  const files = renderFindingsReport(kind, model);
  const first = path === undefined ? resolve(folder, findingsReportFile(kind)) : resolve(workspace, path);
  const names = files.map((_, index) => (index === 0 ? first : insertBeforeExtension(first, `${index + 1}`)));
  for (const [index, pieces] of files.entries()) await writeAtomic(names[index] ?? first, pieces, workspace);
  return names.map(file => ({ format: kind, path: shownPath(file, workspace) }));
}

/** Relative to the workspace where it lies inside it; `/` on every system. */
export function shownPath(file: string, workspace: string): string {
  const path = relative(workspace, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/');
}
