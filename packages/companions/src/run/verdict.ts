// SPDX-License-Identifier: Apache-2.0
import { bySeverity, type ComparedFinding } from '@cinc-scan/core';
import type { UnknownAs } from '../results/hdf.ts';
import type { ConsolidatedSource } from '../sources/consolidate.ts';

/** New and returned ones that are at least as bad. */
export function newOnes(rows: readonly ComparedFinding[], least: UnknownAs, unknownAs: UnknownAs): ComparedFinding[] {
  return rows.filter(({ status, finding }) => {
    const severity = finding.severity === 'unknown' ? unknownAs : finding.severity;
    return (status === 'new' || status === 'returned') && bySeverity(severity, least) <= 0;
  });
}

/** What the gate says of the sources, in their order. */
interface SourcesGate {
  exitCode: number;
  files: readonly { ruling: { exit: number } }[];
}

export interface Judged {
  sources: readonly ConsolidatedSource[];
  /** What the threshold says; undefined where none was given. */
  gate: SourcesGate | undefined;
  /** New ones that must not be. */
  fresh: readonly ComparedFinding[];
  least: UnknownAs | undefined;
  isReportOnly: boolean;
}

export interface FindingsVerdict {
  code: number;
  /** A sentence each. */
  reasons: string[];
}

/** 4 outranks 2 outranks 3, as everywhere. */
export function toVerdict(judged: Judged): FindingsVerdict {
  const { sources, gate, fresh, isReportOnly } = judged;
  const isLost = sources.some(({ kind }) => kind === 'not-looked');
  const codes = [isLost ? 4 : 0, gate?.exitCode ?? 0, fresh.length > 0 && !isReportOnly ? 3 : 0];
  return { code: [4, 2, 3].find(code => codes.includes(code)) ?? 0, reasons: reasonsOf(judged) };
}

const mostNamed = 10;

function reasonsOf({ sources, gate, fresh, least }: Judged): string[] {
  const lost = sources.filter(({ kind }) => kind === 'not-looked');
  return [
    lost.length === 0
      ? 'Every source looked.'
      : `${lost.length} of ${sources.length} sources did not look: ${namesOf(lost)}.`,
    ...gateReasons(sources, gate),
    fresh.length === 0 ? '' : `New findings of ${least ?? 'any'} severity or above: ${fresh.length}.`,
    gate === undefined && least === undefined ? 'No bound was given for what they found.' : '',
  ].filter(Boolean);
}

function gateReasons(sources: Judged['sources'], gate: SourcesGate | undefined): string[] {
  if (gate === undefined) return [];
  const ruled = (exit: number) => sources.filter((_source, index) => gate.files[index]?.ruling.exit === exit);
  const unmet = ruled(3);
  // Of one that did not look that is told already.
  const unjudged = ruled(2).filter(({ kind }) => kind === 'looked');
  const reasons = [
    unmet.length === 0 ? '' : `The threshold is not met by ${namesOf(unmet)}.`,
    unjudged.length === 0 ? '' : `The threshold cannot judge ${namesOf(unjudged)}.`,
  ].filter(Boolean);
  return reasons.length === 0 && gate.exitCode === 0 ? ['The threshold is met.'] : reasons;
}

function namesOf(sources: Judged['sources']): string {
  const names = sources.slice(0, mostNamed).map(({ source }) => source.id);
  return sources.length > mostNamed ? `${names.join(', ')} and ${sources.length - mostNamed} more` : names.join(', ');
}
