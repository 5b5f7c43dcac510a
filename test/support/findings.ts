// SPDX-License-Identifier: Apache-2.0
// What a run found, as tests ask for it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHdf, type Transcript } from './cinc-scan.ts';

export interface Manifest {
  profiles: {
    name: string;
    source: string;
    commit: string | null;
    sha256: string;
    dependencies: { name: string; source: string; commit: string | null }[];
  }[];
  targets: { profile: string | null; error: { code: string; message: string } | null }[];
  warnings: string[];
  request: Record<string, unknown>;
}

/** The run manifest. */
export const manifest = ({ cwd }: Transcript): Manifest =>
  JSON.parse(readFileSync(join(cwd, 'cinc-scan-results/scan.json'), 'utf8')) as Manifest;

/** Controls with the statuses of their checks, by profile. */
export function found(ran: Transcript): Record<string, Record<string, string[]>> {
  const all = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles);
  return Object.fromEntries(
    all.map(({ name, controls }) => [
      name,
      Object.fromEntries(controls.map(({ id, results }) => [id, results.map(each => each.status)])),
    ]),
  );
}
