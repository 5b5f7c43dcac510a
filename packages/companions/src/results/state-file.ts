// SPDX-License-Identifier: Apache-2.0
import { alertStateSchema, type FindingState, findingSchema, runPointSchema } from '@cinc-scan/core';
import { z } from 'zod';

const text = z.string();
const coverage = z.strictObject({ target: text, scope: text, ruleset: text });
const entry = z.strictObject({
  finding: findingSchema,
  status: z.enum(['open', 'unsure', 'fixed']),
  firstSeen: text,
  lastSeen: text,
  seenBy: z.record(text, coverage),
});

const state = z.strictObject({
  version: z.literal(1),
  scope: text,
  at: text,
  looks: z.record(text, coverage),
  entries: z.record(text, entry),
  runs: z.array(runPointSchema).max(1000).default([]),
  alerts: alertStateSchema.optional(),
});

export type ParsedState = { kind: 'state'; state: FindingState } | { kind: 'refused'; problem: string };

/** The state that an earlier run left; one that was changed or is of another version is refused, never guessed at. */
export function parseState(content: string): ParsedState {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch {
    return { kind: 'refused', problem: 'it is not JSON' };
  }
  const parsed = state.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'refused', problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`.replace(/^: /, '') };
  }
  const entries = Object.fromEntries(
    Object.entries(parsed.data.entries).map(([key, each]) => [
      key,
      { ...each, finding: { ...each.finding, installed: each.finding.installed, fixed: each.finding.fixed } },
    ]),
  );
  return { kind: 'state', state: { ...parsed.data, entries } };
}
