// SPDX-License-Identifier: Apache-2.0
import {
  catalogue,
  type ErrorCode,
  isScanError,
  type JailStrength,
  type ReportModel,
  toMessage,
} from '@cinc-scan/core';

export interface Failure {
  code: string;
  message: string;
  remedy: string;
}

export interface Summary {
  /** pass and fail are verdicts; error means that something could not be looked at. */
  verdict: 'pass' | 'fail' | 'error';
  reason: string;
  exitCode: number;
  counts: Record<string, number>;
  /** The first thing that kept it from looking. */
  failure?: Failure;
  /** What profile code ran in. */
  isolation?: JailStrength;
}

/** A run as its row tells of it. */
export function summaryOf({
  verdict: { verdict, reason, exitCode, judged },
  jail,
}: Pick<ReportModel, 'verdict' | 'jail'>): Summary {
  const missed = judged.flatMap(({ outcome }) => (outcome.kind === 'unreached' ? [outcome.error] : []));
  const [first] = missed;
  const judgements = judged.flatMap(({ judgement }) => judgement ?? []);
  const total = (status: 'passed' | 'failed' | 'skipped' | 'error') =>
    judgements.reduce((sum, { counts }) => sum + counts[status].total, 0);
  return {
    verdict,
    reason,
    exitCode,
    counts: {
      targets: judged.length,
      unreached: missed.length,
      passed: total('passed'),
      failed: total('failed'),
      skipped: total('skipped'),
      error: total('error'),
    },
    ...(first !== undefined && { failure: toFailure(first) }),
    ...(jail !== undefined && { isolation: jail.strength }),
  };
}

export function toFailure(error: unknown): Failure {
  if (isScanError(error)) return { code: error.code, message: error.message, remedy: error.remedy };
  return { code: 'ENGINE_FAILED', message: toMessage(error), remedy: 'Look into the log of the runner.' };
}

/** Why a run has no verdict; null where it has one. */
export function errorOf({ verdict, reason, failure }: Summary): Failure | null {
  if (verdict !== 'error') return null;
  if (failure !== undefined) return failure;
  const code = isErrorCode(reason) ? reason : 'RESULT_INVALID';
  return { code, message: `The run ended with ${reason}`, remedy: catalogue[code].remedy };
}

const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(catalogue, text);
