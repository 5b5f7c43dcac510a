// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { ScanError } from '../errors/index.ts';
import { renderCkl } from './ckl.ts';
import { renderCodeQuality } from './codequality.ts';
import { renderConsole } from './console.ts';
import { renderCsv } from './csv.ts';
import { renderHtml } from './html/index.ts';
import { renderJunit } from './junit.ts';
import { renderJunitGate } from './junit-gate.ts';
import { renderMarkdown } from './markdown.ts';
import type { ReportModel } from './model.ts';
import { renderOutputs, toOutputs } from './outputs.ts';
import { renderSarif } from './sarif.ts';
import { renderScan } from './scan-json.ts';
import { hostileTexts } from './testing/hostile-texts.ts';
import { findCommands } from './testing/platforms.ts';
import { sampleAudited, sampleHdf, sampleModel, sampleTarget, sampleUnreached } from './testing/sample-model.ts';
import { junitProblems, sarifValidator, scanValidator, xmlProblems } from './testing/validators.ts';
import { oneLine } from './text.ts';

/** The text wherever text from outside can stand. */
function hostileModel(text: string): ReportModel {
  const control = {
    title: text,
    message: text,
    tags: {
      nist: [text, 'AC-3'],
      cci: [text],
      gid: text,
      rid: text,
      stig_id: text,
      check: text,
      fix: text,
      severity: text,
    },
  };
  const waiver = { skipped_due_to_waiver: true, justification: `owner: ${text}; ${text}`, expiration_date: text };
  const results = sampleHdf(
    [
      { ...control, id: text, status: 'failed' },
      { ...control, id: `a ${text}`, status: 'error' },
      { ...control, id: `b ${text}`, status: 'skipped' },
      { ...control, id: `c ${text}`, waiver },
      { ...control, id: `d ${text}`, status: 'failed', waiver: { ...waiver, skipped_due_to_waiver: false } },
    ],
    text,
  );
  const target = sampleTarget(text, {
    namespace: text,
    cluster: text,
    container: text,
    image: text,
    imageDigest: undefined,
    owner: { kind: text, name: text },
  });
  const audited = sampleAudited({ text: results, target });
  const lost = sampleUnreached('', 'lost');
  const model = sampleModel([audited, { ...lost, error: new ScanError('ENGINE_FAILED', text, { remedy: text }) }]);
  return {
    ...model,
    warnings: [text],
    request: { targets: [text], [text]: text },
    verdict: { ...model.verdict, gate: { ...model.verdict.gate, source: text.slice(0, 1000) } },
  };
}

const entity = /&(#\d+|#x[0-9a-f]+|amp|lt|gt|quot|apos);/gi;
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const decodeEntity = (name: string): string => {
  if (!name.startsWith('#')) return named[name] ?? '';
  return String.fromCodePoint(Number(name.startsWith('#x') ? `0${name.slice(1)}` : name.slice(1)));
};
const decodeEntities = (text: string) => text.replaceAll(entity, (_all, name: string) => decodeEntity(name));

const allTexts = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...allTexts(item)]);
};
const decodeJson = (text: string) => allTexts(JSON.parse(text)).join('\n');
const validateSarif = sarifValidator();
const validateScan = scanValidator();

interface Format {
  render: (model: ReportModel) => string;
  /** What a reader of the format reads. */
  decode: (text: string) => string;
  problems: (text: string) => unknown[];
  limit?: number;
  /** For validators that take their time: all at once. */
  problemsOfAll?: (texts: string[]) => Promise<string[]>;
}

const asJunit = { decode: decodeEntities, problems: () => [], problemsOfAll: junitProblems };

const formats: Record<string, Format> = {
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
function markdownProblems(text: string): string[] {
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

function htmlProblems(text: string): string[] {
  const withoutScripts = text.replaceAll(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, '');
  // Within quotes nothing is markup; a quote that got out ends them here too.
  const markup = withoutScripts.replaceAll(/="[^"]*"/g, '=""');
  return [...markup.matchAll(/<(?:script|img|iframe)\b|<[^>]*\son\w+=|javascript:/gi)]
    .map(([found]) => found)
    .filter(found => !found.startsWith('javascript'));
}

function sarifProblems(text: string): string[] {
  const sarif = JSON.parse(text) as { runs: { results: { message: { text: string } }[] }[] };
  const messages = sarif.runs.flatMap(run => run.results.map(result => result.message.text));
  return messages.filter(message => /\]\(|\{\d+\}/.test(message));
}

function csvProblems(text: string): string[] {
  const rows = parse(text, { record_delimiter: '\r\n' });
  return rows.flat().filter(field => /^[=+\-@\t\r]/.test(field) || field.length > 32_767);
}

/** Formats may break a word to make it harmless; the reader still sees every letter. */
const letters = (text: string) => text.replaceAll(/[\s'(){}]/g, '');

const models = hostileTexts.map(text => hostileModel(text));

describe.each(Object.entries(formats))('%s', (_, { render, decode, problems, problemsOfAll, limit = 1_500_000 }) => {
  const reports = models.map(model => render(model));

  test.each(hostileTexts.map((text, index) => [index, JSON.stringify(text.slice(0, 40)), text] as const))(
    'text %i (%s) stays readable, bounded, and without effect',
    (index, _shown, text) => {
      const report = reports[index] ?? '';
      expect(problems(report)).toEqual([]);
      expect(findCommands(report)).toEqual([]);
      expect(Buffer.byteLength(report)).toBeLessThan(limit);
      expect(letters(decode(report))).toContain(letters(oneLine(text.slice(0, 120)).slice(0, 60)));
    },
  );

  test('every report is valid', async () => {
    expect((await problemsOfAll?.(reports)) ?? []).toEqual([]);
  });
});
