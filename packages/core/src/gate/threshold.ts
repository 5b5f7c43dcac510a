// SPDX-License-Identifier: Apache-2.0
import { bucketSeverities } from '../request/index.ts';
import { readBounds } from './bounds.ts';
import { flatten, readMapping, tooLarge } from './document.ts';
import { type ParsedThreshold, refuse, type Threshold, type ThresholdField, type ThresholdOptions } from './spec.ts';

export type { ParsedThreshold, Threshold, ThresholdOptions } from './spec.ts';

export type BucketSeverity = (typeof bucketSeverities)[number];

/** A threshold file: one YAML 1.2 or JSON mapping, keys nested, dotted or both. */
export function parseThresholdDocument(text: string, options: ThresholdOptions = {}): ParsedThreshold {
  const read = readMapping(text);
  return read.kind === 'refused' ? read : parseThresholdMapping(read.mapping, options);
}

/** A threshold that stands inside another document. */
export function parseThresholdMapping(mapping: object, options: ThresholdOptions = {}): ParsedThreshold {
  return fromEntries(flatten(mapping), options);
}

/** A threshold on a command line: a bare number, SAF's list `{key: number}, …`, or a document. */
export function parseThresholdInline(text: string, options: ThresholdOptions = {}): ParsedThreshold {
  const large = tooLarge(text);
  if (large !== undefined) return refuse(large);
  const trimmed = text.trim();
  if (/^[+-]?\d+(\.\d+)?$/.test(trimmed)) return fromEntries([['compliance.min', Number(trimmed)]], options);
  const items = (trimmed.endsWith(',') ? trimmed.slice(0, -1) : trimmed).split(',').map(item => parseItem(item.trim()));
  const entries = items.filter(entry => entry !== undefined);
  return entries.length === items.length ? fromEntries(entries, options) : parseThresholdDocument(trimmed, options);
}

/** One `{key: number}` of SAF's list, either brace optional. */
function parseItem(item: string): ThresholdField | undefined {
  const inner = item.slice(item.startsWith('{') ? 1 : 0, item.endsWith('}') ? -1 : undefined);
  const [key = '', value = '', ...rest] = inner.split(':').map(part => part.trim());
  const fits = rest.length === 0 && /^[\w.]+$/.test(key) && /^[+-]?\d+(\.\d+)?$/.test(value);
  return fits ? [key, Number(value)] : undefined;
}

function fromEntries(entries: ThresholdField[], options: ThresholdOptions): ParsedThreshold {
  if (entries.length === 0) return refuse({ reason: 'spec-empty', message: 'no bound in it' });
  const { threshold, problems } = readBounds(entries, options.strict ?? false);
  if (problems.length > 0) return refuse(...problems);
  if (threshold.bounds.size > 0) return { kind: 'threshold', threshold };
  return refuse({
    reason: 'spec-empty',
    message: `only keys that are not enforced: ${threshold.notEnforced.join(', ')}`,
  });
}

/** `fail-on: high` is no failed and no errored control of that severity or above. */
function failOnBounds(severity: BucketSeverity): Map<string, number> {
  const upTo = bucketSeverities.slice(0, bucketSeverities.indexOf(severity) + 1);
  return new Map(upTo.flatMap(each => [[`failed.${each}.max`, 0] as const, [`error.${each}.max`, 0] as const]));
}

/** Adds the bounds of `fail-on`; a bound of the threshold that says otherwise is a conflict. */
export function withFailOn(threshold: Threshold, severity: BucketSeverity): ParsedThreshold {
  const added = failOnBounds(severity);
  const clashes = [...added].filter(([path, value]) => {
    const min = threshold.bounds.get(path.replace(/max$/, 'min'));
    return (threshold.bounds.get(path) ?? value) !== value || (min ?? 0) !== 0;
  });
  if (clashes.length > 0)
    return refuse(
      ...clashes.map(([path]) => ({
        reason: 'spec-conflict' as const,
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
