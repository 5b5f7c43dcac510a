// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Outputs, ScanError, writeAtomic } from '@cinc-scan/core';

const holdsScan = (folder: string, workspace: string): boolean => existsSync(resolve(workspace, folder, 'scan.json'));

/** Many reports of a scan have the same names: none of them is to be taken for the other's, or lost. */
export function refuseScanFolder({ outputDir }: { outputDir: string }, { workspace }: { workspace: string }): void {
  if (holdsScan(outputDir, workspace))
    throw new ScanError(
      'OUTPUT_UNWRITABLE',
      `${outputDir} holds the reports of a scan, some of which have the same names`,
      {
        remedy: 'Give the consolidation a folder of its own: --output-dir.',
      },
    );
}

export const writeOutputs = (outputs: Outputs, folder: string, workspace: string): Promise<void> =>
  writeAtomic(resolve(workspace, folder, 'outputs.json'), `${JSON.stringify(outputs, undefined, 2)}\n`, workspace);

/** Of a consolidation that ended before it judged; a scan keeps what it has told. */
export async function writeConsolidationFailure(outputs: Outputs, folder: string, workspace: string): Promise<void> {
  if (!holdsScan(folder, workspace)) await writeOutputs(outputs, folder, workspace);
}
