// SPDX-License-Identifier: Apache-2.0
// scan.json of 0.1.0: as much as tells of files, results and trends. What each control counted as it did not keep.
import * as z from 'zod';
import { exitRanks } from '../../gate/index.ts';
import { observationFields, profileFields, targetFields } from '../../outcome/index.ts';

const count = z.int().min(0);
const total = z.object({ total: count });

export const version1 = z
  .object({
    state: z.literal('finished'),
    run: z.object({ id: z.string(), started: z.string(), finished: z.iso.datetime({ offset: true }) }),
    tool: z.object({ name: z.string(), version: z.string() }),
    engine: z.object({ name: z.string(), version: z.string() }).nullable(),
    profiles: z.array(profileFields),
    gate: z.object({ verdict: z.enum(['pass', 'fail', 'error']), exit: z.literal(exitRanks), reason: z.string() }),
    compliance: z.object({ percent: z.number().min(0).max(100).nullable() }),
    counts: z.object({ passed: total, failed: total, skipped: total, no_impact: total, error: total }),
    targets: z.array(
      z.object({
        target: targetFields.nullable(),
        profile: z.string().nullable(),
        observation: observationFields.nullable(),
        counts: z.unknown(),
        hdf: z.object({ sha256: z.string() }).nullable(),
      }),
    ),
  })
  .transform(({ targets, ...scan }) => ({
    ...scan,
    // Only the name stood with the target.
    targets: targets.map(each => ({
      ...each,
      profileRef: scan.profiles.find(({ name }) => name === each.profile) ?? null,
    })),
  }));

/** What scan.json of any version tells. */
export type ToldScan = z.infer<typeof version1>;
