// SPDX-License-Identifier: Apache-2.0
import { setOutput } from '@actions/core';
import { isScanError, type Outputs, toFailureOutputs, type Values, writeFailureOutputs } from '@cinc-scan/core';

export function setOutputs(outputs: Partial<Outputs>): void {
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
}

/** For a run that gave no result; a defect of ours counts as a failed engine: nothing was judged. */
export async function setFailureOutputs(
  thrown: unknown,
  place: Pick<Values, 'output-dir' | 'run-id'>,
): Promise<Outputs> {
  const [code, exit] = isScanError(thrown) ? ([thrown.code, thrown.exit] as const) : (['ENGINE_CRASHED', 5] as const);
  const outputs = toFailureOutputs(code, exit, place['run-id'] ?? '');
  setOutputs(outputs);
  await writeFailureOutputs(outputs, place['output-dir'], process.cwd()).catch(() => undefined); // the error itself is shown
  return outputs;
}
