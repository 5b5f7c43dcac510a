// SPDX-License-Identifier: Apache-2.0
import type { KeptReport } from '../queue/attempts.ts';
import type { TestStore } from './stores.ts';

export interface TestReport {
  file: string;
  kind: string;
  bytes: Buffer;
}

/** As a runner does it before it says how its run ended. */
export async function keepTestReports({ blobs }: TestStore, reports: TestReport[]): Promise<KeptReport[]> {
  const kept: KeptReport[] = [];
  for (const { file, kind, bytes } of reports)
    kept.push({ file, kind, blob: await blobs.put(bytes), bytes: bytes.length });
  return kept;
}
