// SPDX-License-Identifier: Apache-2.0
import type { ExitCode, Verdict } from '../gate/verdict.ts';
import type { ControlStatus } from '../outcome/control.ts';

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

export const exitMeanings = {
  0: 'every target was audited and the gate is met',
  2: 'usage or configuration error; nothing was judged',
  3: 'audited, and the gate is not met',
  4: 'a target could not be reached or access was refused',
  5: 'the engine or a profile failed',
  130: 'cancelled by SIGINT',
  143: 'cancelled by SIGTERM',
} as const satisfies Record<ExitCode, string>;

export const verdictWords = { pass: 'PASS', fail: 'FAIL', error: 'ERROR' } as const;

/** The verdict and what it means, in one sentence. */
export function verdictSentence(verdict: Verdict): string {
  const meaning =
    verdict.exit === 0 && verdict.judged.length === 0 ? 'there was no target to audit' : exitMeanings[verdict.exit];
  const softened =
    verdict.exit === verdict.exitCode
      ? ''
      : `; report-only makes the exit code ${verdict.exitCode}, not ${verdict.exit}`;
  return `${verdictWords[verdict.verdict]} (exit ${verdict.exitCode}): ${meaning}${softened}`;
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
