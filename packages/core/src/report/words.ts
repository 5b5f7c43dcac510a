// SPDX-License-Identifier: Apache-2.0
import { exitCodes } from '../errors/index.ts';
import type { Verdict } from '../gate/index.ts';
import type { ControlStatus } from '../outcome/index.ts';

export const statusWords = {
  passed: 'Passed',
  failed: 'Failed',
  error: 'Error',
  skipped: 'Not reviewed',
  no_impact: 'Not applicable',
} as const satisfies Record<ControlStatus, string>;

export type StatusWord = (typeof statusWords)[ControlStatus] | 'Waived';

/** Worst first: a definite finding on one replica is not hidden by another that could not be evaluated. */
export const worstFirst = ['failed', 'error', 'skipped', 'passed', 'no_impact'] as const satisfies ControlStatus[];

export const verdictWords = { pass: 'PASS', fail: 'FAIL', error: 'ERROR' } as const;

/** The verdict and what it means, in one sentence. */
export function verdictSentence(verdict: Verdict): string {
  const meaning =
    verdict.exit === 0 && verdict.judged.length === 0 ? 'there was no target to audit' : exitCodes[verdict.exit];
  return `${verdictWords[verdict.verdict]} (exit ${verdict.exitCode}): ${meaning}${softening(verdict)}`;
}

function softening({ exit, exitCode, gate }: Verdict): string {
  if (exit === exitCode) return '';
  return gate.isUnasked === true
    ? '; no threshold was given, so the exit code is 0'
    : `; report-only makes the exit code ${exitCode}, not ${exit}`;
}

/** `1 control`, `2 controls`. */
export function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A list for a sentence, cut after `most` items. */
export function listed(items: string[], most = 20): string {
  const rest = items.length - most;
  return rest > 0 ? `${items.slice(0, most).join(', ')} and ${rest} more` : items.join(', ');
}

/** Order of code units: the same on every machine and in every locale. */
export function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
