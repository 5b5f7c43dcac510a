// SPDX-License-Identifier: Apache-2.0

import { parse } from 'csv-parse/sync';
import type { FindingsModel } from '../findings/model.ts';
import { type FindingsReportKind, renderFindingsReport } from '../findings/registry.ts';
import {
  csvProblems,
  decodeEntities,
  decodeJson,
  type Format,
  htmlProblems,
  markdownProblems,
  sarifProblems,
  validateSarif,
} from './formats.ts';
import { findingsValidator, junitProblems, ocsfValidator } from './validators.ts';

const validateFindings = findingsValidator();
const validateOcsf = ocsfValidator();

/** The whole text of a report's first file. */
export const textOf = (kind: FindingsReportKind, model: FindingsModel): string =>
  [...(renderFindingsReport(kind, model)[0] ?? [])].join('');

const linesOf = (text: string) => text.split('\n').filter(line => line !== '');

/** Every report of findings, with a reader that is not ours. */
export const findingsFormats: Record<FindingsReportKind, Omit<Format<FindingsModel>, 'render'>> = {
  json: {
    decode: decodeJson,
    problems: text => (validateFindings(JSON.parse(text)) ? [] : [validateFindings.errors]),
  },
  html: { decode: decodeEntities, problems: htmlProblems },
  markdown: { decode: decodeEntities, problems: markdownProblems },
  sarif: {
    decode: decodeJson,
    problems: text => (validateSarif(JSON.parse(text)) ? sarifProblems(text) : [validateSarif.errors]),
  },
  codequality: { decode: decodeJson, problems: () => [] },
  junit: { decode: decodeEntities, problems: () => [], problemsOfAll: junitProblems },
  'junit-gate': { decode: decodeEntities, problems: () => [], problemsOfAll: junitProblems },
  csv: { decode: text => parse(text, { record_delimiter: '\r\n' }).flat().join('\n'), problems: csvProblems },
  ocsf: {
    decode: text => linesOf(text).map(decodeJson).join('\n'),
    problems: text => linesOf(text).flatMap(line => (validateOcsf(JSON.parse(line)) ? [] : [validateOcsf.errors])),
  },
};
