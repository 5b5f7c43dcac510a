// SPDX-License-Identifier: Apache-2.0
import { parse } from 'csv-parse/sync';
import { renderCkl } from '../ckl.ts';
import { renderCodeQuality } from '../codequality.ts';
import { renderConsole } from '../console.ts';
import { renderCsv } from '../csv.ts';
import { renderHtml } from '../html/index.ts';
import { renderJunit } from '../junit.ts';
import { renderJunitGate } from '../junit-gate.ts';
import { renderMarkdown } from '../markdown.ts';
import type { ReportModel } from '../model.ts';
import { renderOutputs, toOutputs } from '../outputs.ts';
import { renderSarif } from '../sarif.ts';
import { renderScan } from '../scan-json/write.ts';
import { junitProblems, sarifValidator, scanValidator, xmlProblems } from './validators.ts';

const entity = /&(#\d+|#x[0-9a-f]+|amp|lt|gt|quot|apos);/gi;
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const decodeEntity = (name: string): string => {
  if (!name.startsWith('#')) return named[name] ?? '';
  return String.fromCodePoint(Number(name.startsWith('#x') ? `0${name.slice(1)}` : name.slice(1)));
};
export const decodeEntities = (text: string) => text.replaceAll(entity, (_all, name: string) => decodeEntity(name));

const allTexts = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...allTexts(item)]);
};
export const decodeJson = (text: string) => allTexts(JSON.parse(text)).join('\n');
export const validateSarif = sarifValidator();
const validateScan = scanValidator();

export interface Format<Model = ReportModel> {
  render: (model: Model) => string;
  /** What a reader of the format reads. */
  decode: (text: string) => string;
  problems: (text: string) => unknown[];
  limit?: number;
  /** For validators that take their time: all at once. */
  problemsOfAll?: (texts: string[]) => Promise<string[]>;
}

const asJunit = { decode: decodeEntities, problems: () => [], problemsOfAll: junitProblems };

/** Every format, with a reader that is not ours. */
export const formats: Record<string, Format> = {
  console: { render: model => renderConsole(model), decode: text => text, problems: () => [] },
  markdown: { render: renderMarkdown, decode: decodeEntities, problems: markdownProblems },
  scan: {
    render: model => renderScan(model),
    decode: decodeJson,
    problems: text => (validateScan(JSON.parse(text)) ? [] : [validateScan.errors]),
  },
  outputs: { render: model => renderOutputs(toOutputs(model)), decode: decodeJson, problems: () => [] },
  junit: { render: renderJunit, ...asJunit },
  'junit-gate': { render: renderJunitGate, ...asJunit },
  sarif: {
    render: model =>
      renderSarif({ ...model, verdict: { ...model.verdict, judged: model.verdict.judged.slice(0, 1) } })[0]?.text ?? '',
    decode: decodeJson,
    problems: text => (validateSarif(JSON.parse(text)) ? sarifProblems(text) : [validateSarif.errors]),
  },
  html: { render: model => renderHtml(model), decode: decodeEntities, problems: htmlProblems, limit: 10 * 1024 * 1024 },
  csv: {
    render: model => renderCsv(model),
    decode: text => parse(text, { record_delimiter: '\r\n' }).flat().join('\n'),
    problems: csvProblems,
  },
  codequality: { render: model => renderCodeQuality(model), decode: decodeJson, problems: () => [] },
  ckl: {
    render: model => renderCkl(model)[0]?.text ?? '',
    decode: decodeEntities,
    problems: () => [],
    problemsOfAll: xmlProblems,
  },
};

/** Outside of fences and entities no character of foreign text may mean anything. */
export function markdownProblems(text: string): string[] {
  const withoutFences = text.replaceAll(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
  const tags = [...withoutFences.matchAll(/<\/?[^>]*>/g)].map(([tag]) => tag);
  const inline = [...withoutFences.matchAll(/<code>([^<]*)<\/code>/g)].map(([, body = '']) =>
    body.replaceAll(/&#\d+;/g, ''),
  );
  return [
    ...tags.filter(tag => !['<code>', '</code>', '<details>', '</details>', '<summary>', '</summary>'].includes(tag)),
    ...inline.filter(body => /[`*_[\]!@#:<>|\\~$]|www\./i.test(body)),
  ];
}

export function htmlProblems(text: string): string[] {
  const withoutScripts = text.replaceAll(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, '');
  // Within quotes nothing is markup; a quote that got out ends them here too.
  const markup = withoutScripts.replaceAll(/="[^"]*"/g, '=""');
  return [...markup.matchAll(/<(?:script|img|iframe)\b|<[^>]*\son\w+=|javascript:/gi)]
    .map(([found]) => found)
    .filter(found => !found.startsWith('javascript'));
}

export function sarifProblems(text: string): string[] {
  const sarif = JSON.parse(text) as { runs: { results: { message: { text: string } }[] }[] };
  const messages = sarif.runs.flatMap(run => run.results.map(result => result.message.text));
  return messages.filter(message => /\]\(|\{\d+\}/.test(message));
}

export function csvProblems(text: string): string[] {
  const rows = parse(text, { record_delimiter: '\r\n' });
  return rows.flat().filter(field => /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(field) || field.length > 32_767);
}
