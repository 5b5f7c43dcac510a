// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { areas, type FindingSeverity, findingKinds, findingSeverities, fixStates } from './finding.ts';

const text = z.string();
const optional = text.optional();
const count = z.int().min(0);
const rating = z.strictObject({ severity: z.enum(findingSeverities), raw: text, source: text });
const suppression = z.strictObject({ origin: text, reason: text });

/** A finding as JSON, in the state and in reports. */
export const findingSchema = z.strictObject({
  fingerprint: text.regex(/^[0-9a-f]{64}$/),
  area: z.enum(areas),
  kind: z.enum(findingKinds),
  rule: text,
  aliases: z.array(text),
  title: text,
  severity: z.enum(findingSeverities),
  target: text,
  place: z.strictObject({
    path: optional,
    resource: optional,
    package: optional,
    purl: optional,
    line: z.number().optional(),
  }),
  installed: optional,
  fixed: optional,
  fixState: z.enum(fixStates),
  evidence: text,
  reportedBy: z.array(
    z.strictObject({ source: text, tool: text, count: z.int(), rating, suppressed: suppression.optional() }),
  ),
  nist: z.array(text),
  refs: z.array(text),
});

export const severityCountsSchema = z.strictObject({
  critical: count,
  high: count,
  medium: count,
  low: count,
  none: count,
  unknown: count,
} satisfies Record<FindingSeverity, typeof count>);

const alertChannels = ['webhook', 'slack', 'teams', 'mail'] as const;
export type AlertChannel = (typeof alertChannels)[number];

/** What people are told of a run: a few lines, bounded, and hostile all the same. */
const alertSchema = z.strictObject({
  run: text,
  at: text,
  scope: text,
  title: text,
  lines: z.array(text),
  /** How many findings and sources there is no line for. */
  more: count,
  link: optional,
});

/** What has been told of the findings of a scope, and what has not come through yet. */
export const alertStateSchema = z.strictObject({
  /** Sources that did not look and of which that has been told; one that looks again is taken off. */
  lost: z.array(text),
  due: z.array(z.strictObject({ channel: z.enum(alertChannels), alert: alertSchema })).max(1000),
  /** The last messages that came through: run and channel. */
  told: z.array(text).max(1000),
});

export type Alert = z.infer<typeof alertSchema>;
export type AlertState = z.infer<typeof alertStateSchema>;

/** What a trend needs of a run. */
export const runPointSchema = z.strictObject({
  at: text,
  open: severityCountsSchema,
  new: count,
  fixed: count,
  notLooked: count,
});

export type RunPoint = z.infer<typeof runPointSchema>;
