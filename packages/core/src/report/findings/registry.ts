// SPDX-License-Identifier: Apache-2.0
import { nearest, ScanError } from '../../errors/index.ts';
import { renderFindingsCodeQuality } from './codequality.ts';
import { renderFindingsCsv } from './csv.ts';
import { renderFindingsHtml } from './html/index.ts';
import { renderFindingsJson } from './json.ts';
import { renderFindingsJunit, renderFindingsJunitGate } from './junit.ts';
import { renderFindingsMarkdown } from './markdown.ts';
import type { FindingsModel, Pieces } from './model.ts';
import { renderFindingsOcsf } from './ocsf.ts';
import { renderFindingsSarif } from './sarif.ts';

interface Kind {
  file: string;
  about: string;
  /** One or more files. */
  render: (model: FindingsModel) => Pieces[];
}

/** Every report of findings there is, with its file in the output folder. */
export const findingsReportKinds = {
  json: {
    file: 'findings.json',
    about: 'everything that is known, by docs/schemas/findings.schema.json; always written',
    render: model => [renderFindingsJson(model)],
  },
  html: { file: 'report.html', about: 'one self-contained page', render: model => [[renderFindingsHtml(model)]] },
  markdown: { file: 'summary.md', about: 'a summary of the job', render: model => [[renderFindingsMarkdown(model)]] },
  sarif: {
    file: 'findings.sarif',
    about: 'SARIF 2.1.0 with baselineState, one run a source',
    render: renderFindingsSarif,
  },
  codequality: {
    file: 'codequality.json',
    about: 'GitLab Code Quality',
    render: model => [renderFindingsCodeQuality(model)],
  },
  junit: {
    file: 'junit.xml',
    about: 'a test case for each source and finding',
    render: model => [[renderFindingsJunit(model).text]],
  },
  'junit-gate': {
    file: 'junit-gate.xml',
    about: 'the same for systems where a failing case changes the build: findings fail only if the verdict does',
    render: model => [[renderFindingsJunitGate(model).text]],
  },
  csv: { file: 'findings.csv', about: 'a line for each finding', render: model => [renderFindingsCsv(model)] },
  ocsf: {
    file: 'findings.ocsf.jsonl',
    about: 'OCSF 1.3.0, an event a line: classes 2002 and 2003',
    render: model => [renderFindingsOcsf(model)],
  },
} as const satisfies Record<string, Kind>;

export type FindingsReportKind = keyof typeof findingsReportKinds;

export interface FindingsReportSpec {
  kind: FindingsReportKind;
  /** As the user wrote it; undefined is the default file of the output folder. */
  path: string | undefined;
}

const kindOf: Readonly<Record<FindingsReportKind, Kind>> = findingsReportKinds;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys of the constant above
export const findingsReportNames = Object.keys(findingsReportKinds) as FindingsReportKind[];

/** Reads `kind[:path]`. */
export function parseFindingsReport(text: string): FindingsReportSpec {
  const [, name = '', path] = /^([^:]*)(?::(.*))?$/su.exec(text) ?? [];
  const kind = findingsReportNames.find(known => known === name.trim());
  const valid = findingsReportNames.join(', ');
  if (kind === undefined)
    throw new ScanError(
      'INPUT_INVALID',
      `report: ${JSON.stringify(name.trim())} is no report of findings; did you mean ${nearest(name.trim(), findingsReportNames)}? Valid: ${valid}`,
    );
  if (path?.trim() === '' || path?.includes('\u0000') === true)
    throw new ScanError('INPUT_INVALID', `report: ${JSON.stringify(text)} names no path after the colon`);
  return { kind, path: path?.trim() };
}

export const renderFindingsReport = (kind: FindingsReportKind, model: FindingsModel): Pieces[] =>
  kindOf[kind].render(model);

export const findingsReportFile = (kind: FindingsReportKind): string => kindOf[kind].file;
