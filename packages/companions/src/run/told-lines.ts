// SPDX-License-Identifier: Apache-2.0
import {
  type ComparedFinding,
  catalogue,
  type FindingWaiver,
  keyText,
  plural,
  severityCounts,
  shortLine,
  statusCounts,
} from '@cinc-scan/core';
import { notLookedCodes } from '../reading.ts';
import type { ConsolidatedSource } from '../sources/consolidate.ts';
import type { ConsolidationRun } from './run-consolidation.ts';
import type { FindingsVerdict } from './verdict.ts';

/** A line of the log; what somebody has to see to is trouble. */
interface ToldLine {
  text: string;
  isTrouble: boolean;
}

const plain = (text: string): ToldLine => ({ text, isTrouble: false });
const trouble = (text: string): ToldLine => ({ text, isTrouble: true });

/** A line for each source, why one did not look, the numbers, and the verdict. */
export function toldLines(run: ConsolidationRun): ToldLine[] {
  const { consolidation, compared, gate, verdict, fresh, failure, keptIn } = run;
  const { rows, isCompared } = compared;
  return [
    ...consolidation.sources.flatMap(source => [
      plain(sourceLine(source)),
      ...source.warnings.map(warning => trouble(`! ${source.source.id}: ${warning}`)),
      ...problemLines(source).map(trouble),
    ]),
    ...waiverLines(run).map(line => trouble(`! ${line}`)),
    plain(`findings: ${listed(severityCounts(rows))}`),
    ...(isCompared ? [plain(`since the run before: ${listed(statusCounts(rows))}`)] : []),
    ...(gate === undefined ? [] : gate.lines.map(plain)),
    ...(keptIn === undefined ? [] : [plain(`kept in ${keptIn}`)]),
    ...surfaceLines(run),
    ...(failure === undefined ? [] : [`✗ ${failure.code} ${failure.message}`, `  ${failure.remedy}`].map(trouble)),
    ...verdictLines(verdict, fresh).map(plain),
  ];
}

const surfaceLines = ({ surfaces }: ConsolidationRun): ToldLine[] =>
  surfaces.map(({ name, ok, message }) =>
    ok
      ? plain(`Alert sent to ${name}`)
      : trouble(`! The alert could not be sent to ${name}: ${shortLine(message ?? '', 500)}`),
  );

const mostWaivers = 20;

/** Waivers that do not do what somebody relies on. */
function waiverLines({ applied: { unused, expired, endless } }: ConsolidationRun): string[] {
  const lines = [
    ...expired.map(waiver => `expired on ${dayOf(waiver)}, so what it excused counts again: ${nameOf(waiver)}`),
    ...endless.map(waiver => `has no end, so it does not excuse a critical or high finding: ${nameOf(waiver)}`),
    ...unused.map(waiver => `excuses no finding: ${nameOf(waiver)}`),
  ].map(text => `a waiver ${text}`);
  const rest = lines.length - mostWaivers;
  return rest > 0 ? [...lines.slice(0, mostWaivers), `and ${rest} more waivers that excuse nothing`] : lines;
}

const nameOf = ({ key, origin, reason }: FindingWaiver): string =>
  shortLine(`${keyText(key)} (${origin}: ${shortLine(reason, 100)})`, 400);

const dayOf = ({ expires }: FindingWaiver): string => expires?.toISOString().slice(0, 10) ?? '';

function sourceLine({ source, kind, findings }: ConsolidatedSource): string {
  const mark = kind === 'looked' ? '✓' : '✗';
  const word = kind === 'looked' ? 'looked' : 'did not look';
  return `${mark} ${source.id} (${source.tool}, ${source.target}) ${word}: ${plural(findings.length, 'finding')}`;
}

function problemLines({ source, problems }: ConsolidatedSource): string[] {
  const lines = problems.map(({ reason, file, text }) => `✗ ${notLookedCodes[reason]} ${source.id}: ${file}: ${text}`);
  const codes = [...new Set(problems.map(({ reason }) => notLookedCodes[reason]))];
  return [...lines, ...codes.map(code => `  ${catalogue[code].remedy}`)];
}

const listed = (counts: object): string =>
  Object.entries(counts)
    .map(([name, count]) => `${String(count)} ${name}`)
    .join(', ');

const verdicts: Readonly<Record<FindingsVerdict['exit'], string>> = { 0: 'PASS', 2: 'ERROR', 3: 'FAIL', 4: 'ERROR' };

function verdictLines({ code, exit }: FindingsVerdict, fresh: readonly ComparedFinding[]): string[] {
  const shown = fresh
    .slice(0, 10)
    .map(({ finding, status }) => `  ${status}: ${finding.severity} ${finding.rule} in ${finding.target}`);
  const more = fresh.length > shown.length ? [`  and ${fresh.length - shown.length} more`] : [];
  return [...shown, ...more, `cinc-scan: ${verdicts[exit]} (exit ${code})`];
}
