// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { catalogue, type ErrorCode, toFailureOutputs } from '@cinc-scan/core';

/** What a run left for the next step; names as in docs/inputs.md, of values only texts and numbers are looked at. */
export type RunOutputs = Record<string, unknown> & { verdict: string; 'exit-code': number };

/** What is known of a run from outside. */
export interface Ended {
  path: string;
  /** What the process ended with, where somebody saw it. */
  code: number | undefined;
  runId: string | undefined;
}

/** Codes that need no outputs file to be understood. */
const telling: Record<number, ErrorCode> = {
  2: 'USAGE',
  4: 'CLUSTER_UNREACHABLE',
  5: 'OUTPUTS_MISSING',
  129: 'HUNG_UP',
  130: 'CANCELLED',
  143: 'TERMINATED',
};

/** The outputs of exactly this run. A missing file, or one of another run or end, is an error and never a pass. */
export function readRunOutputs({ path, code, runId }: Ended): RunOutputs {
  const found = parseOutputs(path);
  const isOfThisRun =
    found !== undefined &&
    (code === undefined || found['exit-code'] === code) &&
    (runId === undefined || found['run-id'] === runId);
  return isOfThisRun ? found : missing(code, runId);
}

function missing(code: number | undefined, runId: string | undefined): RunOutputs {
  const reason = telling[code ?? 5] ?? 'OUTPUTS_MISSING';
  return { ...toFailureOutputs(reason, catalogue[reason].exit, runId ?? '') };
}

function parseOutputs(path: string): RunOutputs | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isOutputs(found) ? found : undefined;
  } catch {
    return undefined; // which is what the caller tells
  }
}

const failures: number[] = Object.values(catalogue).map(({ exit }) => exit);
const codesOf: Record<string, readonly number[]> = { pass: [0], fail: [3, 0], error: failures };

function isOutputs(found: unknown): found is RunOutputs {
  if (typeof found !== 'object' || found === null) return false;
  const { verdict, 'exit-code': code }: { verdict?: unknown; 'exit-code'?: unknown } = found;
  return typeof verdict === 'string' && typeof code === 'number' && codesOf[verdict]?.includes(code) === true;
}
