// SPDX-License-Identifier: Apache-2.0
// scan.json both ways: the writer's type, what every reader reads by, and the published docs/schemas/scan.schema.json.
import * as z from 'zod';
import { exitRanks } from '../../gate/index.ts';
import { publishedSchema } from '../../request/index.ts';
import {
  bounds,
  cluster,
  comparison,
  compliance,
  count,
  counts,
  engine,
  errorCode,
  grant,
  jail,
  judgement,
  known,
  missing,
  moment,
  observation,
  place,
  profile,
  reason,
  request,
  runId,
  seconds,
  sha256,
  text,
  texts,
  tool,
  violated,
  waiver,
  warning,
} from './schema-parts.ts';

/** 1 kept what the gate said, and not what it counted; 2 keeps the judgement; 3 says what profile code ran in. */
export const scanSchemaVersion = 3;

const exit = z.literal(exitRanks);
const named = {
  identity: text.describe('Stable over pods, days and replicas: cluster/namespace/owner kind/owner/container.'),
  name: text.describe('namespace/pod/container, or the selector that matched nothing.'),
  profile: known.describe('The name of the profile.'),
};
const nothing = z.null();
const why = z.union([reason, errorCode]);
const unreached = z
  .strictObject({
    ...named,
    target: z.union([place, missing]),
    profileRef: profile.nullable(),
    outcome: z.literal('unreached'),
    result: z.literal('error'),
    error: z.strictObject({ code: errorCode, message: text, hint: text }),
    observation: observation.nullable(),
    counts: nothing,
    compliance: nothing,
    judgement: nothing,
    comparison: nothing,
    hdf: nothing,
  })
  .meta({ id: 'unreached' });
const audited = {
  ...named,
  target: place,
  profileRef: profile,
  outcome: z.literal('audited'),
  observation: observation.nullable().describe('null for result files from elsewhere.'),
  judgement,
  comparison: comparison.nullable(),
  hdf: z.strictObject({ path: known, sha256 }).describe('The result file; a path if this run wrote it.'),
};
const judged = z
  .strictObject({ ...audited, result: z.enum(['pass', 'fail']), error: nothing, counts, compliance })
  .meta({ id: 'judged' });
const unjudged = z
  .strictObject({
    ...audited,
    result: z.literal('error'),
    error: z.strictObject({ code: why, message: text, hint: text }),
    counts: nothing,
    compliance: nothing,
  })
  .describe('Audited, and the results could not be judged.')
  .meta({ id: 'unjudged' });

const begun = { schemaVersion: z.literal(scanSchemaVersion), tool, request, cluster, profiles: z.array(profile) };

const running = z
  .strictObject({ ...begun, state: z.literal('running'), run: z.strictObject({ id: runId, started: text }) })
  .describe('What a killed run leaves behind.')
  .meta({ id: 'running' });

const finished = z
  .strictObject({
    ...begun,
    state: z.literal('finished'),
    run: z.strictObject({ id: runId, started: text, finished: moment, seconds }),
    engine: engine.nullable(),
    jail: jail.nullable().describe('null where no profile code ran, or nothing is known of it.'),
    targets: z.array(z.discriminatedUnion('outcome', [unreached, z.discriminatedUnion('result', [judged, unjudged])])),
    passedOver: z
      .array(z.strictObject({ namespace: text, pod: text, container: text, reason: text }))
      .describe('Containers of planned pods that were not looked at, with the reason.'),
    counts,
    compliance,
    waivers: z.array(waiver),
    grant: grant.nullable(),
    gate: z.strictObject({
      source: text,
      bounds: bounds.describe('Those of targets that no entry of the threshold matches.'),
      strict: z.boolean(),
      unasked: z.boolean().describe('Results were only converted: the verdict decides nothing.'),
      verdict: z.enum(['pass', 'fail', 'error']),
      exit,
      reason: why,
      violations: z.array(z.strictObject({ target: text, ...violated })),
      warnings: z.array(warning),
    }),
    warnings: texts,
    reports: z.array(z.strictObject({ format: text, path: text, sha256, bytes: count, truncated: z.boolean() })),
    surfaces: z.array(z.strictObject({ name: text, ok: z.boolean(), message: text.optional() })),
    exitCode: exit.describe('What the process exited with.'),
    status: z.enum(['passed', 'usage-error', 'below-threshold', 'target-error', 'engine-error', 'cancelled']),
  })
  .meta({ id: 'finished' });

export const scanSchema = z.discriminatedUnion('state', [running, finished]);

export type RunningScan = z.infer<typeof running>;
export type FinishedScan = z.infer<typeof finished>;
export type ScanTarget = FinishedScan['targets'][number];
export type AuditedTarget = Extract<ScanTarget, { outcome: 'audited' }>;
export type UnreachedTarget = Extract<ScanTarget, { outcome: 'unreached' }>;

/** docs/schemas/scan.schema.json. */
export const scanJsonSchema = (): object =>
  publishedSchema('scan', 'scan.json, the run manifest of cinc-scan', scanSchema);
