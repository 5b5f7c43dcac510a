// SPDX-License-Identifier: Apache-2.0
import { type ConsolidatedSource, type Consolidation, notLookedCodes } from '@cinc-scan/companions';
import {
  type AppliedWaivers,
  type ComparedFinding,
  catalogue,
  type FindingWaiver,
  keyText,
  severityCounts,
  shortLine,
  statusCounts,
} from '@cinc-scan/core';
import type { Terminal } from '../terminal.ts';
import type { Compared } from './compare-with-state.ts';

interface Telling {
  terminal: Terminal;
  applied: AppliedWaivers;
}

/** A line for each source, why one did not look, and the numbers. */
export function tellConsolidation(
  { sources }: Consolidation,
  { rows, isCompared }: Compared,
  { terminal, applied }: Telling,
): void {
  const { stdout, stderr } = terminal;
  for (const source of sources) {
    stdout.write(`${sourceLine(source)}\n`);
    for (const warning of source.warnings) stderr.write(`! ${source.source.id}: ${warning}\n`);
    for (const line of problemLines(source)) stderr.write(`${line}\n`);
  }
  for (const line of waiverLines(applied)) stderr.write(`! ${line}\n`);
  stdout.write(`findings: ${listed(severityCounts(rows))}\n`);
  if (isCompared) stdout.write(`since the run before: ${listed(statusCounts(rows))}\n`);
}

const mostWaivers = 20;

/** Waivers that do not do what somebody relies on. */
function waiverLines({ unused, expired, endless }: AppliedWaivers): string[] {
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

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

const listed = (counts: object): string =>
  Object.entries(counts)
    .map(([name, count]) => `${String(count)} ${name}`)
    .join(', ');

const verdicts: Readonly<Record<number, string>> = { 0: 'PASS', 2: 'ERROR', 3: 'FAIL', 4: 'ERROR' };

export function verdictLine(code: number, fresh: readonly ComparedFinding[]): string {
  const shown = fresh
    .slice(0, 10)
    .map(({ finding, status }) => `  ${status}: ${finding.severity} ${finding.rule} in ${finding.target}\n`);
  const more = fresh.length > shown.length ? `  and ${fresh.length - shown.length} more\n` : '';
  return `${shown.join('')}${more}cinc-scan: ${verdicts[code] ?? 'ERROR'} (exit ${code})\n`;
}
