// SPDX-License-Identifier: Apache-2.0
// findings.json: the writer's type and the published docs/schemas/findings.schema.json.
import * as z from 'zod';
import { areas, findingSchema, findingStatuses, runPointSchema, severityCountsSchema } from '../../findings/index.ts';
import { publishedSchema } from '../../request/index.ts';

const text = z.string();
const moment = z.iso.datetime();
const count = z.int().min(0);
const sha256 = text.regex(/^[0-9a-f]{64}$/);

const file = z.strictObject({
  path: text.describe('Relative to the folder of the file of sources.'),
  sha256: sha256.optional(),
  bytes: count,
  checkedAt: text.optional().describe('When the scanner looked, in its own words or those of its envelope.'),
  tool: text,
  version: text.optional(),
  database: text.optional().describe('What it looked with: signatures, advisories.'),
});

const source = z
  .strictObject({
    id: text,
    tool: text,
    area: z.enum(areas),
    target: text,
    kind: z.enum(['looked', 'not-looked']).describe('What a source that did not look lacks is not fixed.'),
    problems: z.array(z.strictObject({ code: text, text, file: text })),
    warnings: z.array(text),
    files: z.array(file),
    ruleset: text,
    scope: text,
    unchecked: count.describe('Rules that were not evaluated.'),
    findings: count,
  })
  .meta({ id: 'source' });

const waiver = z
  .strictObject({
    key: text,
    reason: text,
    origin: text,
    expires: moment.optional(),
    state: z.enum(['applied', 'expired', 'endless', 'unused']),
  })
  .meta({ id: 'waiver' });

const statusCounts = z.strictObject({
  new: count,
  returned: count,
  unsure: count,
  known: count,
  waived: count,
  fixed: count,
} satisfies Record<(typeof findingStatuses)[number], typeof count>);

const compared = z
  .strictObject({
    status: z.enum(findingStatuses),
    because: text.describe('Why, where that is not plain.'),
    firstSeen: moment,
    isTold: z.boolean().describe('Whether an earlier run has told the same.'),
    ...findingSchema.shape,
  })
  .meta({ id: 'finding' });

const document = z.strictObject({
  version: z.literal(1),
  tool: z.strictObject({ name: text, version: text }),
  run: z.strictObject({ id: text, at: moment }),
  scope: text,
  verdict: z.enum(['pass', 'fail', 'error']),
  exitCode: z.union([z.literal(0), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
  reasons: z.array(text),
  isCompared: z.boolean().describe('Whether a state was there to compare with; else everything is new.'),
  counts: z.strictObject({ status: statusCounts, severity: severityCountsSchema.describe('Of what is open.') }),
  sources: z.array(source),
  waivers: z.array(waiver),
  trend: z.array(runPointSchema).describe('Earlier runs and this one, oldest first.'),
  findings: z.array(compared),
});

export type FindingsDocument = z.infer<typeof document>;

/** docs/schemas/findings.schema.json. */
export const findingsJsonSchema = (): object =>
  publishedSchema('findings', 'findings.json, what all sources of a scope found', document);
