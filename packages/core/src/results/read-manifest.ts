// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultFacts } from '../outcome/index.ts';
import { type ReadScan, readScan, type ToldScan } from '../report/index.ts';
import { mostResultBytes, readBounded } from '../request/index.ts';

export const manifestFile = 'scan.json';

/** What `scan.json` in a folder says; undefined where there is none. Anyone can have written it. */
export const readManifest = (folder: string): ReadScan | undefined => readManifestFile(join(folder, manifestFile));

export function readManifestFile(path: string): ReadScan | undefined {
  // A pipe of that name would keep the reader waiting.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const read = readBounded(path, mostResultBytes);
  return read.kind === 'unreadable'
    ? { kind: 'refused', code: 'RUN_INVALID', problem: read.problem, listing: undefined }
    : readScan(read.bytes.toString());
}

/** What the manifest knows of each result file, by SHA-256. */
export function factsOf({ targets, run, tool, engine }: ToldScan): Map<string, ResultFacts> {
  return new Map(
    targets.flatMap(({ target, profileRef: profile, observation, hdf }): [string, ResultFacts][] => {
      if (target === null || observation === null || hdf === null || profile === null) return [];
      const { lens, view, witness } = observation;
      const how = { lens, view, witness, observation };
      return [[hdf.sha256, { target, profile, ...how, run, tool, ...(engine && { engine }) }]];
    }),
  );
}
