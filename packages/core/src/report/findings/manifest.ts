// SPDX-License-Identifier: Apache-2.0
// consolidation.json: what a run has left in a store, written last. Whoever reads a run believes the files that it lists.
import * as z from 'zod';
import { areas, type findingStatuses, severityCounts, severityCountsSchema } from '../../findings/index.ts';
import { publishedSchema } from '../../request/index.ts';
import type { FindingsModel } from './model.ts';
import { statusCounts, verdictOf } from './tally.ts';

const text = z.string();
const count = z.int().min(0);

const storedFile = z.strictObject({
  path: text.min(1).max(1000).describe('Below the folder of the run.'),
  sha256: text.regex(/^[0-9a-f]{64}$/),
  bytes: count,
  isPrivate: z.boolean().describe('A result as its scanner left it: it may quote secrets.'),
});

export type StoredFile = z.infer<typeof storedFile>;

const statuses = z.strictObject({
  new: count,
  returned: count,
  unsure: count,
  known: count,
  waived: count,
  fixed: count,
} satisfies Record<(typeof findingStatuses)[number], typeof count>);

const source = z.strictObject({
  id: text,
  tool: text,
  area: z.enum(areas),
  target: text,
  kind: z.enum(['looked', 'not-looked']),
  findings: count,
});

const document = z.strictObject({
  version: z.literal(1),
  tool: z.strictObject({ name: text, version: text }),
  run: z.strictObject({ id: text, at: z.iso.datetime() }),
  scope: text,
  verdict: z.enum(['pass', 'fail', 'error']),
  exitCode: count,
  reasons: z.array(text),
  isCompared: z.boolean(),
  counts: z.strictObject({ status: statuses, severity: severityCountsSchema.describe('Of what is open.') }),
  sources: z.array(source),
  files: z.array(storedFile).describe('All files of the run but this one.'),
});

/** A consolidated run as its folder in a store tells. */
export type ConsolidatedRun = z.infer<typeof document>;

export const consolidationFile = 'consolidation.json';

/** docs/schemas/consolidation.schema.json. */
export const consolidationJsonSchema = (): object =>
  publishedSchema('consolidation', 'consolidation.json, what a run over all sources has left', document);

export function renderConsolidatedRun(model: FindingsModel, files: readonly StoredFile[]): string {
  const { tool, run, scope, exitCode, reasons, isCompared, sources, rows } = model;
  const manifest: ConsolidatedRun = {
    version: 1,
    tool,
    run,
    scope,
    verdict: verdictOf(model),
    exitCode,
    reasons,
    isCompared,
    counts: { status: statusCounts(rows), severity: severityCounts(rows) },
    sources: sources.map(({ id, tool: name, area, target, kind, findings }) => ({
      id,
      tool: name,
      area,
      target,
      kind,
      findings,
    })),
    files: [...files],
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** Anyone can have written it: undefined for anything but a manifest of this version. */
export function parseConsolidatedRun(content: string): ConsolidatedRun | undefined {
  try {
    return document.safeParse(JSON.parse(content)).data;
  } catch {
    return undefined;
  }
}
