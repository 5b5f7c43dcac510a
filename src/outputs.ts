// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { setOutput } from '@actions/core';
import { isScanError, type Outputs, renderOutputs, toFailureOutputs, type Values, writeAtomic } from '@cinc-scan/core';

export function setOutputs(outputs: Partial<Outputs>): void {
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
}

/** For a run that gave no result; a defect of ours counts as a failed engine: nothing was judged. */
export async function setFailureOutputs(thrown: unknown, values: Values | undefined): Promise<Outputs> {
  const [code, exit] = isScanError(thrown) ? ([thrown.code, thrown.exit] as const) : (['ENGINE_CRASHED', 5] as const);
  const outputs = toFailureOutputs(code, exit, values?.['run-id'] ?? '');
  setOutputs(outputs);
  if (values !== undefined) {
    const path = join(process.cwd(), values['output-dir'], 'outputs.json');
    await writeAtomic(path, renderOutputs(outputs), process.cwd()).catch(() => undefined); // the error itself is shown
  }
  return outputs;
}
