// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { views, witnesses } from '../lens/index.ts';
import { lensNames } from '../request/index.ts';
import type { Hdf } from './hdf.ts';

// Written by ourselves, but anyone can edit a file: nothing of it is taken on trust.
export const targetFields = z.object({
  cluster: z.string(),
  namespace: z.string(),
  pod: z.string(),
  podUid: z.string(),
  container: z.string(),
  containerId: z.string().default(''),
  restartCount: z.int().min(0),
  image: z.string(),
  imageDigest: z.string().nullish(),
  node: z.string().nullish(),
  owner: z.object({ kind: z.string(), name: z.string() }),
  sidecar: z.string().nullish(),
});
export const profileFields = z.object({
  name: z.string(),
  version: z.string().nullish(),
  source: z.string(),
  sha256: z.string(),
});
const runFields = z.object({ id: z.string(), started: z.string() });
const toolFields = z.object({ name: z.string(), version: z.string() });
const lens = z.enum(lensNames);
const view = z.enum(views);
const witness = z.enum(witnesses).optional();
const count = z.int().min(0);
export const observationFields = z.object({
  lens,
  view,
  witness,
  started: z.string(),
  seconds: z.number().min(0),
  commands: count,
  bytes: count,
  toolsMissing: z.array(z.string()),
  notSeen: count.default(0),
  retries: count,
  truncated: count,
  virtual: z.array(z.string()),
  leftBehind: z.string().nullish(),
});

export const resultFacts = z.object({
  target: targetFields,
  profile: profileFields,
  lens,
  view,
  witness,
  run: runFields,
  tool: toolFields,
  engine: toolFields.optional(),
  observation: observationFields.optional(),
});

/** What is known of a result file beside its results: where they come from, and how they were got. */
export type ResultFacts = z.infer<typeof resultFacts>;

const passthrough = z.object({ passthrough: z.object({ cincScan: resultFacts }) });

/** From the copy that carries them itself. */
export function factsIn(hdf: Hdf): ResultFacts | undefined {
  const parsed = passthrough.safeParse(hdf);
  return parsed.success ? parsed.data.passthrough.cincScan : undefined;
}
