// SPDX-License-Identifier: Apache-2.0
import { setOutput } from '@actions/core';
import { writeConsolidationFailure } from '@cinc-scan/companions';
import { isScanError, type Outputs, toFailureOutputs, writeFailureOutputs } from '@cinc-scan/core';
import type { OutputsPlace } from './step-request.ts';

export function setOutputs(outputs: Partial<Outputs>): void {
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
}

/** For a run that gave no result; a defect of ours counts as a failed engine: nothing was judged. */
export async function setFailureOutputs(thrown: unknown, { work, folder, runId }: OutputsPlace): Promise<Outputs> {
  const [code, exit] = isScanError(thrown) ? ([thrown.code, thrown.exit] as const) : (['ENGINE_CRASHED', 5] as const);
  const outputs = toFailureOutputs(code, exit, runId ?? '');
  setOutputs(outputs);
  const write = work === 'scan' ? writeFailureOutputs : writeConsolidationFailure;
  await write(outputs, folder, process.cwd()).catch(() => undefined); // the error itself is shown
  return outputs;
}
