// SPDX-License-Identifier: Apache-2.0
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml';
import { toMessage } from '../errors/index.ts';
import { readBounds } from './bounds.ts';
import type { Reason } from './reasons.ts';

export const bucketSeverities = ['critical', 'high', 'medium', 'low'] as const;

/** Bounds by their flat path (`failed.high.max`), each a number or a list of control ids. */
export interface Threshold {
  bounds: Map<string, number | string[]>;
  /** Keys that `saf generate threshold` writes and SAF never reads. */
  notEnforced: string[];
}

export interface Problem {
  reason: Reason;
  message: string;
}

export type ParsedThreshold =
  | { kind: 'threshold'; threshold: Threshold }
  | { kind: 'refused'; reason: Reason; problems: Problem[] };

export interface ThresholdOptions {
  strict?: boolean;
}

const maxBytes = 65_536;
const maxDepth = 6;
const precedence: readonly Reason[] = [
  'spec-unreadable',
  'spec-syntax',
  'spec-not-mapping',
  'spec-unknown-key',
  'spec-value',
  'spec-conflict',
  'spec-empty',
];

export function refuse(problems: Problem[]): ParsedThreshold {
  const reason = precedence.find(one => problems.some(problem => problem.reason === one)) ?? 'spec-syntax';
  return { kind: 'refused', reason, problems };
}

/** A threshold file: one YAML 1.2 or JSON mapping, keys nested, dotted or both. */
export function parseThresholdDocument(text: string, options: ThresholdOptions = {}): ParsedThreshold {
  if (Buffer.byteLength(text) > maxBytes)
    return refuse([{ reason: 'spec-unreadable', message: `larger than ${maxBytes} bytes` }]);
  const loaded = parseYaml(text);
  if (loaded.kind === 'refused') return loaded;
  const { document } = loaded;
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return refuse([
      {
        reason: 'spec-not-mapping',
        message: 'a threshold is a mapping of keys to bounds, such as "compliance: {min: 80}"',
      },
    ]);
  if (depthOf(document) > maxDepth)
    return refuse([{ reason: 'spec-syntax', message: `nested more than ${maxDepth} levels deep` }]);
  return fromEntries(flatten(document, []), options);
}

/** A threshold on a command line: a bare number, SAF's list `{key: number}, …`, or a document. */
export function parseThresholdInline(text: string, options: ThresholdOptions = {}): ParsedThreshold {
  const trimmed = text.trim();
  if (/^[+-]?\d+(\.\d+)?$/.test(trimmed)) return fromEntries([['compliance.min', Number(trimmed)]], options);
  const items = trimmed
    .replace(/,\s*$/, '')
    .split(',')
    .map(item => /^\s*\{?\s*([\w.]+)\s*:\s*([+-]?\d+(?:\.\d+)?)\s*\}?\s*$/.exec(item));
  const entries = items.flatMap(match => (match === null ? [] : [[match[1] ?? '', Number(match[2])] satisfies Entry]));
  return entries.length === items.length ? fromEntries(entries, options) : parseThresholdDocument(trimmed, options);
}

/** `fail-on: high` is no failed and no errored control of that severity or above. */
export function failOnBounds(severity: (typeof bucketSeverities)[number]): Map<string, number> {
  const upTo = bucketSeverities.slice(0, bucketSeverities.indexOf(severity) + 1);
  return new Map(upTo.flatMap(each => [[`failed.${each}.max`, 0] as const, [`error.${each}.max`, 0] as const]));
}

/** Adds the bounds of `fail-on`; the same bound with another value is a conflict. */
export function withFailOn(threshold: Threshold, severity: (typeof bucketSeverities)[number]): ParsedThreshold {
  const added = failOnBounds(severity);
  const clashes = [...added].filter(([path, value]) => (threshold.bounds.get(path) ?? value) !== value);
  if (clashes.length > 0)
    return refuse(
      clashes.map(([path]) => ({
        reason: 'spec-conflict',
        message: `${path} is bounded by the threshold and, differently, by fail-on`,
      })),
    );
  return { kind: 'threshold', threshold: { ...threshold, bounds: new Map([...threshold.bounds, ...added]) } };
}

/** What `scan` applies when nothing else was asked for: every control passes or is waived. */
export const strictestThreshold: Threshold = {
  bounds: new Map([
    ['failed.total.max', 0],
    ['skipped.total.max', 0],
    ['error.total.max', 0],
  ]),
  notEnforced: [],
};

export type Entry = [path: string, value: unknown];

function fromEntries(entries: Entry[], options: ThresholdOptions): ParsedThreshold {
  if (entries.length === 0) return refuse([{ reason: 'spec-empty', message: 'no bound in it' }]);
  const { threshold, problems } = readBounds(entries, options.strict ?? false);
  if (problems.length > 0) return refuse(problems);
  if (threshold.bounds.size === 0)
    return refuse([
      { reason: 'spec-empty', message: `only keys that are not enforced: ${threshold.notEnforced.join(', ')}` },
    ]);
  return { kind: 'threshold', threshold };
}

type Loaded = { kind: 'loaded'; document: unknown } | Extract<ParsedThreshold, { kind: 'refused' }>;

function parseYaml(text: string): Loaded {
  try {
    return { kind: 'loaded', document: load(text, { schema: CORE_SCHEMA }) };
  } catch (error) {
    const blank = error instanceof YAMLException && error.reason.includes('input is empty');
    const problem: Problem = blank
      ? { reason: 'spec-empty', message: 'the document is empty' }
      : { reason: 'spec-syntax', message: toMessage(error) };
    return { kind: 'refused', reason: problem.reason, problems: [problem] };
  }
}

/** Levels of nesting, counted no further than one past the limit, so that a cyclic alias ends too. */
function depthOf(value: unknown, level = 0): number {
  if (typeof value !== 'object' || value === null || level > maxDepth) return level;
  return Math.max(level + 1, ...Object.values(value).map(item => depthOf(item, level + 1)));
}

function flatten(mapping: object, above: string[]): Entry[] {
  return Object.entries(mapping).flatMap(([key, value]: Entry): Entry[] => {
    const path = [...above, key];
    const isSection =
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
    return isSection ? flatten(value, path) : [[path.join('.'), value]];
  });
}
