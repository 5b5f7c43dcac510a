// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Hdf } from './hdf.ts';

// Written by ourselves, but anyone can edit a file: nothing of it is taken on trust.
const targetFields = z.object({
  cluster: z.string(),
  namespace: z.string(),
  pod: z.string(),
  podUid: z.string(),
  container: z.string(),
  containerId: z.string().default(''),
  restartCount: z.number(),
  image: z.string(),
  imageDigest: z.string().nullish(),
  node: z.string().nullish(),
  owner: z.object({ kind: z.string(), name: z.string() }),
});
const profileFields = z.object({
  name: z.string(),
  version: z.string().nullish(),
  source: z.string(),
  sha256: z.string(),
});
const runFields = z.object({ id: z.string(), started: z.string() });
const toolFields = z.object({ name: z.string(), version: z.string() });
const lens = z.enum(['exec', 'debug', 'sidecar']);
const view = z.enum(['full', 'files-only']);
const count = z.number().min(0);
const observationFields = z.object({
  lens,
  view,
  started: z.string(),
  seconds: count,
  commands: count,
  bytes: count,
  toolsMissing: z.array(z.string()),
  notSeen: count.default(0),
  retries: count,
  truncated: count,
  virtual: z.array(z.string()),
  leftBehind: z.string().nullish(),
});

const factsSchema = z.object({
  target: targetFields,
  profile: profileFields,
  lens,
  view,
  run: runFields,
  tool: toolFields,
  engine: toolFields.optional(),
  observation: observationFields.optional(),
});

/** What is known of a result file beside its results: where they come from, and how they were got. */
export type ResultFacts = z.infer<typeof factsSchema>;

const passthrough = z.object({ passthrough: z.object({ cincScan: factsSchema }) });

/** From the copy that carries them itself. */
export function factsIn(hdf: Hdf): ResultFacts | undefined {
  const parsed = passthrough.safeParse(hdf);
  return parsed.success ? parsed.data.passthrough.cincScan : undefined;
}

const manifestSchema = z.object({
  run: runFields,
  tool: toolFields,
  engine: toolFields.nullable(),
  profiles: z.array(profileFields),
  targets: z.array(
    z.object({
      target: targetFields.nullable(),
      profile: z.string().nullable(),
      observation: observationFields.nullable(),
      hdf: z.object({ sha256: z.string() }).nullable(),
    }),
  ),
});

/** From the manifest of the run, for each of its result files by SHA-256. */
export function factsOfManifest(text: string): Map<string, ResultFacts> {
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) return new Map();
  const { run, tool, engine, profiles, targets } = parsed.data;
  return new Map(
    targets.flatMap(({ target, profile: name, observation, hdf }): [string, ResultFacts][] => {
      const profile = profiles.find(each => each.name === name);
      if (target === null || observation === null || hdf === null || profile === undefined) return [];
      const how = { lens: observation.lens, view: observation.view, observation };
      return [[hdf.sha256, { target, profile, ...how, run, tool, ...(engine && { engine }) }]];
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
