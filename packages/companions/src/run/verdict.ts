// SPDX-License-Identifier: Apache-2.0
import { bySeverity, type ComparedFinding, type Outputs, type ScanError, shortLine } from '@cinc-scan/core';
import { notLookedCodes } from '../reading.ts';
import type { UnknownAs } from '../results/hdf.ts';
import type { ConsolidatedSource } from '../sources/consolidate.ts';
import type { SourcesGate } from './gate-hdf.ts';

/** New and returned ones that are at least as bad. */
export function newOnes(rows: readonly ComparedFinding[], least: UnknownAs, unknownAs: UnknownAs): ComparedFinding[] {
  return rows.filter(({ status, finding }) => {
    const severity = finding.severity === 'unknown' ? unknownAs : finding.severity;
    return (status === 'new' || status === 'returned') && bySeverity(severity, least) <= 0;
  });
}

export interface Judged {
  sources: readonly ConsolidatedSource[];
  /** What the threshold says; undefined where none was given. */
  gate: SourcesGate | undefined;
  /** New ones that must not be. */
  fresh: readonly ComparedFinding[];
  least: UnknownAs | undefined;
  isReportOnly: boolean;
  /** What kept the run from being kept. */
  failure: ScanError | undefined;
}

export interface FindingsVerdict {
  code: 0 | 2 | 3 | 4;
  /** The same without `report-only`. */
  exit: 0 | 2 | 3 | 4;
  /** The one that decided. */
  reason: Outputs['reason'];
  /** A sentence each. */
  reasons: string[];
}

/** 4 outranks 2 outranks 3, as everywhere. */
export function toVerdict(judged: Judged): FindingsVerdict {
  const { sources, gate, fresh, isReportOnly } = judged;
  const isLost = sources.some(({ kind }) => kind === 'not-looked');
  const codes = [isLost || judged.failure !== undefined ? 4 : 0, gate?.exit ?? 0, fresh.length > 0 ? 3 : 0];
  const exit = ([4, 2, 3] as const).find(code => codes.includes(code)) ?? 0;
  return {
    code: exit === 3 && isReportOnly ? 0 : exit,
    exit,
    reason: reasonOf(exit, judged),
    reasons: reasonsOf(judged),
  };
}

function reasonOf(exit: FindingsVerdict['exit'], { sources, gate, failure }: Judged): Outputs['reason'] {
  const [lost] = sources.flatMap(({ problems }) => problems);
  if (exit === 4)
    return lost === undefined && failure !== undefined ? failure.code : notLookedCodes[lost?.reason ?? 'not-looked'];
  if (exit === 0) return 'pass';
  // What is new and must not be is worse than before.
  return gate !== undefined && gate.exit === exit ? gate.reason : 'regression';
}

const mostNamed = 10;

function reasonsOf({ sources, gate, fresh, least, failure }: Judged): string[] {
  const lost = sources.filter(({ kind }) => kind === 'not-looked');
  return [
    lost.length === 0
      ? 'Every source looked.'
      : `${lost.length} of ${sources.length} sources did not look: ${namesOf(lost)}.`,
    ...gateReasons(sources, gate),
    fresh.length === 0 ? '' : `New findings of ${least ?? 'any'} severity or above: ${fresh.length}.`,
    failure === undefined ? '' : `The run was not kept (${failure.code}): ${shortLine(failure.message, 500)}.`,
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
  return reasons.length === 0 && gate.exit === 0 ? ['The threshold is met.'] : reasons;
}

function namesOf(sources: Judged['sources']): string {
  const names = sources.slice(0, mostNamed).map(({ source }) => source.id);
  return sources.length > mostNamed ? `${names.join(', ')} and ${sources.length - mostNamed} more` : names.join(', ');
}
