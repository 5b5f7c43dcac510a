// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Outcome, ProfileRef } from '../outcome/index.ts';
import { matches, type Target } from '../plan/index.ts';
import { issueTexts, matchText, type TargetMatch, targetMatch } from '../request/index.ts';
import { readMapping } from './document.ts';
import {
  type ParsedThreshold,
  type Problem,
  type Refused,
  refuse,
  type Threshold,
  type ThresholdOptions,
} from './spec.ts';
import { parseThresholdDocument, parseThresholdMapping } from './threshold.ts';

/** Thresholds for several targets in one file: the first entry that matches counts, else the default. */
export interface ThresholdSet {
  default: Threshold;
  entries: ThresholdEntry[];
}

export interface ThresholdEntry {
  /** For people: `targets[0] (namespace: prod)`. */
  name: string;
  match: TargetMatch;
  threshold: Threshold;
}

export type ParsedThresholdFile = ParsedThreshold | { kind: 'set'; set: ThresholdSet };

// Levels that `targets`, its list and an entry add around a threshold.
const wrapping = 3;

const matchSchema = targetMatch('use "default" for that');
const setSchema = z.strictObject({
  default: z.looseObject({}),
  targets: z.array(z.strictObject({ match: matchSchema, threshold: z.looseObject({}) })).min(1),
});

/** A threshold file: SAF's dialect, or, with the keys `default` and `targets`, one threshold for each kind of target. */
export function parseThresholdFile(text: string, options: ThresholdOptions = {}): ParsedThresholdFile {
  const read = readMapping(text, wrapping);
  const isSet = read.kind === 'mapping' && ('targets' in read.mapping || 'default' in read.mapping);
  if (!isSet) return parseThresholdDocument(text, options);
  const parsed = setSchema.safeParse(read.mapping);
  return parsed.success ? toSet(parsed.data, options) : refuse(...parsed.error.issues.flatMap(toProblems));
}

const toProblems = (issue: z.core.$ZodIssue): Problem[] =>
  issueTexts(issue).map(message => ({
    reason: issue.code === 'unrecognized_keys' ? 'spec-unknown-key' : 'spec-value',
    message,
  }));

function toSet({ default: rest, targets }: z.infer<typeof setSchema>, options: ThresholdOptions): ParsedThresholdFile {
  const fallback = parsePart('default', rest, options);
  const parsed = targets.map(({ threshold }, index) => parsePart(`targets[${index}].threshold`, threshold, options));
  const refused = [fallback, ...parsed].filter(part => part.kind === 'refused');
  if (refused.length > 0 || fallback.kind === 'refused') return refuse(...refused.flatMap(part => part.problems));
  const entries = targets.flatMap(({ match }, index): ThresholdEntry[] => {
    const part = parsed[index];
    return part?.kind === 'threshold' ? [{ name: nameOf(match, index), match, threshold: part.threshold }] : [];
  });
  return { kind: 'set', set: { default: fallback.threshold, entries } };
}

function parsePart(where: string, mapping: object, options: ThresholdOptions): ParsedThreshold {
  const part = parseThresholdMapping(mapping, options);
  return part.kind === 'threshold' ? part : prefixed(where, part);
}

const prefixed = (where: string, { problems }: Refused): Refused =>
  refuse(...problems.map(({ reason, message }) => ({ reason, message: `${where}: ${message}` })));

const nameOf = (match: TargetMatch, index: number): string => `targets[${index}] (${matchText(match)})`;

/** The entry that counts for a target under a profile; undefined: the default does. */
export function entryFor(
  set: ThresholdSet,
  target: Target,
  profile: ProfileRef | undefined,
): ThresholdEntry | undefined {
  return set.entries.find(({ match }) => matches(match, target, profile?.name));
}

export function thresholdFor(set: ThresholdSet, target: Target, profile: ProfileRef): Threshold {
  return entryFor(set, target, profile)?.threshold ?? set.default;
}

/** Entries that counted for no target of the run: written for something that is no more, or never was. */
export function unusedEntries(set: ThresholdSet, looks: readonly Pick<Outcome, 'target' | 'profile'>[]): string[] {
  const used = new Set(
    looks.map(({ target, profile }) => ('pod' in target ? entryFor(set, target, profile) : undefined)),
  );
  return set.entries.filter(entry => !used.has(entry)).map(entry => entry.name);
}
