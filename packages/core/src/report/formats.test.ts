// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { addCounts, type Counts, toCounts } from '../gate/count.ts';
import { type ControlStatus, statuses } from '../outcome/control.ts';
import { renderCodeQuality } from './codequality.ts';
import { renderConsole } from './console.ts';
import { renderCsv } from './csv.ts';
import { renderJunit } from './junit.ts';
import { renderJunitGate } from './junit-gate.ts';
import { renderMarkdown } from './markdown.ts';
import type { ReportModel } from './model.ts';
import { renderOutputs, toOutputs } from './outputs.ts';
import { renderSarif } from './sarif.ts';
import { renderScan } from './scan-json/write.ts';
import { scenarios } from './testing/scenarios.ts';
import { junitProblems, sarifValidator, scanValidator } from './testing/validators.ts';
import { statusWords } from './words.ts';

const cases = scenarios.map(scenario => [scenario.name, scenario] as const);
const validateSarif = sarifValidator();
const validateScan = scanValidator();

/** What the gate counted: the sum of its judgements, and how many outcomes have none. */
function gateCounts(model: ReportModel): { counts: Counts; troubles: number } {
  const judged = model.verdict.judged.flatMap(({ judgement }) =>
    judgement === undefined || judgement.exit === 2 ? [] : [judgement.counts],
  );
  return { counts: addCounts([toCounts([]), ...judged]), troubles: model.verdict.judged.length - judged.length };
}

const totals = (counts: Counts) => Object.fromEntries(statuses.map(status => [status, counts[status].total]));

function tableTotals(text: string, row: (word: string) => RegExp): Record<string, number> {
  return Object.fromEntries(statuses.map(status => [status, Number(row(statusWords[status]).exec(text)?.[1])]));
}

const sum = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].reduce((all, match) => all + Number(match[1]), 0);

describe.each(cases)('%s', (_, { model: build, replicas = 1 }) => {
  let model: ReportModel;
  let gate: ReturnType<typeof gateCounts>;
  beforeAll(() => {
    model = build();
    gate = gateCounts(model);
  });
  const once = (status: ControlStatus) => gate.counts[status].total / replicas;

  test('the Markdown summary is below 900 KiB and counts as the gate does', () => {
    const text = renderMarkdown(model);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(900 * 1024);
    expect(text.startsWith(`## cinc-scan: ${model.verdict.verdict.toUpperCase()} `)).toBe(true);
    expect(tableTotals(text, word => new RegExp(`^\\| ${word} \\| (\\d+) \\|`, 'm'))).toEqual(totals(gate.counts));
  });

  test('the console table counts as the gate does', () => {
    const text = renderConsole(model);
    const isCounted = model.verdict.judged.length > gate.troubles;
    const found = tableTotals(text, word => new RegExp(`^ {2}${word} +(\\d+) `, 'm'));
    expect(isCounted ? found : totals(gate.counts)).toEqual(totals(gate.counts));
    expect(text.trimEnd().split('\n').at(-1)).toMatch(/^cinc-scan: (PASS|FAIL|ERROR) \(exit \d+\)/);
  });

  test('scan.json fits its schema and counts as the gate does', () => {
    const scan: unknown = JSON.parse(renderScan(model));
    expect([validateScan(scan), validateScan.errors]).toEqual([true, null]);
    expect(scan).toMatchObject({ counts: gate.counts, exitCode: model.verdict.exitCode });
  });

  test('the outputs count as the gate does', () => {
    const outputs: unknown = JSON.parse(renderOutputs(toOutputs(model)));
    const isCounted = model.verdict.judged.length > gate.troubles;
    expect(outputs).toMatchObject({ verdict: model.verdict.verdict, counts: isCounted ? gate.counts : null });
  });

  test('JUnit fits the XSD and counts as the gate does, replicas once', async () => {
    const [text, gateText] = [renderJunit(model), renderJunitGate(model)];
    expect(await junitProblems([text, gateText])).toEqual([]);
    expect({
      cases: sum(text, /<testsuite [^>]*tests="(\d+)"/g),
      failures: sum(text, /<testsuite [^>]*failures="(\d+)"/g),
      errors: sum(text, /<testsuite [^>]*errors="(\d+)"/g),
      skipped: sum(text, /<testsuite [^>]*skipped="(\d+)"/g),
    }).toEqual({
      cases: statuses.reduce((all, status) => all + once(status), gate.troubles),
      failures: once('failed'),
      errors: once('error') + gate.troubles,
      skipped: once('skipped') + once('no_impact'),
    });
    expect(text.match(/<testcase /g)?.length ?? 0).toBe(sum(text, /<testsuite [^>]*tests="(\d+)"/g));
  });

  test('SARIF fits its schema and holds every failed and errored control of complete workloads', () => {
    const files = renderSarif(model).map(({ text }) => JSON.parse(text) as { runs: { results: unknown[] }[] });
    for (const file of files) expect([validateSarif(file), validateSarif.errors]).toEqual([true, null]);
    const results = files.flatMap(file => file.runs.flatMap(run => run.results));
    expect(results).toHaveLength(once('failed') + once('error'));
  });

  test('CSV is read by a parser as one line per control', () => {
    const rows = parse<Record<string, string>>(renderCsv(model), { columns: true, record_delimiter: '\r\n' });
    const words = rows.filter(row => row['control'] !== '').map(row => row['status']);
    const found = (status: ControlStatus) =>
      words.filter(word => word === statusWords[status] || (status === 'no_impact' && word === 'Waived')).length;
    expect(Object.fromEntries(statuses.map(status => [status, found(status)]))).toEqual(totals(gate.counts));
    expect(rows.length - words.length).toBe(gate.troubles);
  });

  test('Code Quality lists failed and errored controls and what was not judged, each once', () => {
    const issues = JSON.parse(renderCodeQuality(model)) as { fingerprint: string }[];
    expect(issues).toHaveLength(once('failed') + once('error') + gate.troubles);
    expect(new Set(issues.map(issue => issue.fingerprint)).size).toBe(issues.length);
  });

  test('the same model gives the same bytes', () => {
    const render = () => [
      renderMarkdown(model),
      renderScan(model),
      renderJunit(model),
      renderCsv(model),
      renderSarif(model),
    ];
    expect(render()).toEqual(render());
  });
});
