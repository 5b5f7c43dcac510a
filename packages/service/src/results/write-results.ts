// SPDX-License-Identifier: Apache-2.0
// What the service keeps of a run, whoever made it: every report there is, and its findings.
import { join } from 'node:path';
import {
  isScanError,
  parseReportSpec,
  type ReportModel,
  reportKinds,
  type WrittenReport,
  writeAtomic,
  writeReports,
} from '@cinc-scan/core';
import { findingsOfRun, type RunNames } from '../findings/of-run.ts';
import { findingsKind, renderRunFindings } from '../findings/run-findings.ts';

/** A file that a run left in its folder. */
export interface LeftReport {
  /** Within the folder of the run. */
  file: string;
  kind: string;
}

/** The checklist is made afterwards: a profile without a STIG's tags refuses it, and that is not a failure of the scan. */
export const keptReports = Object.keys(reportKinds).filter(kind => kind !== 'ckl');

const findingsFile = 'run-findings.json';

export const toFiles = (reports: readonly WrittenReport[]): LeftReport[] =>
  reports.map(({ path, format }) => ({ file: path, kind: format }));

/** Every report of a run that is known from elsewhere. */
export async function writeResults(model: ReportModel, folder: string, names: RunNames): Promise<LeftReport[]> {
  const specs = keptReports.map(parseReportSpec);
  const written = await writeReports(model, specs, placeIn(folder));
  return [...toFiles(written), ...(await writeOthers(model, folder, names))];
}

/** What a scan does not write by itself. */
export async function writeOthers(model: ReportModel, folder: string, names: RunNames): Promise<LeftReport[]> {
  await writeAtomic(join(folder, findingsFile), renderRunFindings(findingsOfRun(model, names)), folder);
  return [...toFiles(await checklists(model, folder)), { file: findingsFile, kind: findingsKind }];
}

const placeIn = (folder: string) => ({ outputDir: folder, workspace: folder, stdout: () => undefined });

async function checklists(model: ReportModel, folder: string): Promise<WrittenReport[]> {
  try {
    return await writeReports(model, [{ kind: 'ckl', path: undefined }], placeIn(folder));
  } catch (error) {
    if (isScanError(error) && error.code === 'USAGE') return [];
    throw error;
  }
}
