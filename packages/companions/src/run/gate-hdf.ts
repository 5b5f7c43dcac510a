// SPDX-License-Identifier: Apache-2.0
import { type GateRequest, gateFiles, type Outputs, readResult, renderGate } from '@cinc-scan/core';

/** What the gate says of the sources, in their order, and in words: the results themselves would fill the memory. */
export interface SourcesGate {
  /** Before `report-only`. */
  exit: Outputs['exit-code'];
  reason: Outputs['reason'];
  files: readonly { ruling: { exit: number } }[];
  lines: string[];
}

export function gateHdf(paths: readonly string[], gate: GateRequest): SourcesGate {
  const verdict = gateFiles(paths.map(readResult), gate);
  const files = verdict.files.map(({ ruling: { exit } }) => ({ ruling: { exit } }));
  const { exit, reason } = verdict;
  return { exit, reason, files, lines: cutIds(renderGate(verdict).trimEnd().split('\n')) };
}

const mostIds = 20;
const isId = (line: string): boolean => line.startsWith('      ');

/** A source may have broken a thousand rules; a log is no place for all of them. */
function cutIds(lines: readonly string[]): string[] {
  let ids = 0;
  return lines.flatMap((line, index) => {
    ids = isId(line) ? ids + 1 : 0;
    if (ids <= mostIds) return [line];
    const isLast = !isId(lines[index + 1] ?? '');
    return isLast ? [`      and ${ids - mostIds} more: the reports name them all`] : [];
  });
}
