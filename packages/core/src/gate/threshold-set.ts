// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Outcome, ProfileRef } from '../outcome/outcome.ts';
import type { Target } from '../plan/target.ts';
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
  match: Match;
  threshold: Threshold;
}

type Match = z.infer<typeof matchSchema>;

export type ParsedThresholdFile = ParsedThreshold | { kind: 'set'; set: ThresholdSet };

// Levels that `targets`, its list and an entry add around a threshold.
const wrapping = 3;

const kinds: ReadonlyMap<string, string> = new Map([
  ['po', 'pod'],
  ['deploy', 'deployment'],
  ['sts', 'statefulset'],
  ['ds', 'daemonset'],
  ['rs', 'replicaset'],
  ['cj', 'cronjob'],
]);

const name = z.string().min(1).max(253);
const matchSchema = z
  .strictObject({
    selector: z
      .string()
      .regex(/^[A-Za-z]+\/[^/]+$/, 'expected kind/name, such as deployment/web')
      .optional(),
    namespace: name.optional(),
    container: name.optional(),
    labels: z.record(z.string(), z.string()).optional(),
    profile: name.optional(),
  })
  .refine(match => Object.keys(match).length > 0, {
    error: 'matches every target: use "default" for that',
    when: ({ issues }) => issues.length === 0,
  });
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

function toProblems(issue: z.core.$ZodIssue): Problem[] {
  const at = issue.path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  const where = at.replace(/^\./, '');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({
      reason: 'spec-unknown-key',
      message: `${where === '' ? '' : `${where}.`}${key.slice(0, 200)} is not a key here`,
    }));
  return [{ reason: 'spec-value', message: `${where}: ${issue.message}` }];
}

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

function nameOf({ labels, ...rest }: Match, index: number): string {
  const fields = [
    ...Object.entries(rest).map(([key, value]) => `${key}: ${value}`),
    ...Object.entries(labels ?? {}).map(([label, value]) => `label ${label}=${value}`),
  ];
  return `targets[${index}] (${fields.join(', ')})`;
}

/** The entry that counts for a target under a profile; undefined: the default does. */
export function entryFor(
  set: ThresholdSet,
  target: Target,
  profile: ProfileRef | undefined,
): ThresholdEntry | undefined {
  return set.entries.find(({ match }) => matches(match, target, profile));
}

export function thresholdFor(set: ThresholdSet, target: Target, profile: ProfileRef): Threshold {
  return entryFor(set, target, profile)?.threshold ?? set.default;
}

/** Entries that counted for no target of the run: written for something that is no more, or never was. */
export function unusedEntries(set: ThresholdSet, outcomes: readonly Outcome[]): string[] {
  const used = new Set(
    outcomes.map(({ target, profile }) => ('pod' in target ? entryFor(set, target, profile) : undefined)),
  );
  return set.entries.filter(entry => !used.has(entry)).map(entry => entry.name);
}

function matches(match: Match, target: Target, profile: ProfileRef | undefined): boolean {
  return (
    isLike(match.namespace, target.namespace) &&
    isLike(match.container, target.container) &&
    isLike(match.profile, profile?.name ?? '') &&
    (match.selector === undefined || isSelected(match.selector, target)) &&
    Object.entries(match.labels ?? {}).every(([label, value]) => isLike(value, target.labels[label] ?? ''))
  );
}

function isSelected(selector: string, target: Target): boolean {
  const [written = '', wanted] = selector.toLowerCase().split('/');
  const kind = (kinds.get(written) ?? written).replace(/s$/, '');
  if (kind === 'pod') return isLike(wanted, target.pod);
  return kind === target.owner.kind.toLowerCase() && isLike(wanted, target.owner.name);
}

/** Equal, `*` standing for any text. */
function isLike(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}
