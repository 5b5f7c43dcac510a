// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { isScanError } from '../errors/index.ts';
import {
  type BaselineLookup,
  type GateOptions,
  type GateRequest,
  gateProblems,
  type ParsedThreshold,
  type ParsedThresholdFile,
  parseThresholdInline,
  type Reason,
  type Refused,
  readThresholdFile,
  type ThresholdOptions,
} from '../gate/index.ts';
import { readThresholdInput, type Values } from '../request/index.ts';
import { openBaseline, toBaseline as toLookup } from '../results/index.ts';

/** How a gate over result files is asked for, beside the inputs that it shares with a scan. */
export interface GateFlags {
  thresholdFile: string | undefined;
  thresholdInline: string | undefined;
  /** Accept results without controls, of tools that list findings alone. */
  allowEmpty: boolean;
  now: Date;
}

export type AskedGate =
  | { kind: 'gate'; gate: GateRequest }
  /** Neither threshold nor baseline nor fail-on. */
  | { kind: 'none' }
  | Pick<Refused, 'kind' | 'reason' | 'problems'>;

/** The gate for result files; everything that is wrong with it at once, with the reasons of the gate. */
export function toFileGate(values: Values, flags: GateFlags): AskedGate {
  const threshold = toThreshold(values, flags);
  const baseline = toBaseline(values);
  const refused = [threshold?.parsed, baseline].filter(part => part?.kind === 'refused');
  if (refused[0] !== undefined)
    return refuse(
      refused[0].reason,
      refused.flatMap(({ problems }) => problems),
    );
  const asked = { threshold: thresholdOf(threshold?.parsed), failOn: values['fail-on'], baseline: lookupOf(baseline) };
  if (Object.values(asked).every(part => part === undefined)) return { kind: 'none' };
  const conflicts = gateProblems(asked);
  if (conflicts.length > 0) return refuse('spec-conflict', conflicts);
  const source = threshold && { source: threshold.source };
  const options = toOptions(values, flags);
  return { kind: 'gate', gate: { ...asked, ...source, options, reportOnly: values['report-only'] } };
}

function toOptions({ strict, rounding, 'all-profiles': all }: Values, { allowEmpty, now }: GateFlags): GateOptions {
  return { profiles: all ? 'all' : 'first', rounding, strict, allowEmpty, unboundedErrors: 'warn', now };
}

function thresholdOf(parsed: ParsedThresholdFile | undefined): GateRequest['threshold'] {
  if (parsed === undefined || parsed.kind === 'refused') return undefined;
  return parsed.kind === 'set' ? parsed.set : parsed.threshold;
}

const lookupOf = (baseline: GivenBaseline) => (baseline.kind === 'baseline' ? baseline.lookup : undefined);

const refuse = (reason: Reason, problems: Refused['problems']): AskedGate & { kind: 'refused' } => ({
  kind: 'refused',
  reason,
  problems,
});

interface NamedThreshold {
  parsed: ParsedThresholdFile;
  source: string;
}

function toThreshold(
  { threshold, strict }: Values,
  { thresholdFile, thresholdInline }: GateFlags,
): NamedThreshold | undefined {
  if (thresholdFile !== undefined) return named(thresholdFile, readNamedFile(thresholdFile, { strict }));
  if (thresholdInline !== undefined)
    return { parsed: parseBounds(thresholdInline, { strict }), source: 'threshold (inline)' };
  if (threshold === undefined) return undefined;
  return isInline(threshold)
    ? { parsed: parseThresholdInline(threshold, { strict }), source: 'threshold (inline)' }
    : named(threshold, readThresholdFile(threshold, { strict }));
}

/** A file, unless what was given are bounds: those have a flag of their own. */
function readNamedFile(path: string, options: ThresholdOptions): ParsedThresholdFile {
  const parsed = readThresholdFile(path, options);
  const isBounds = !existsSync(path) && parseThresholdInline(path, options).kind === 'threshold';
  return isBounds ? advised(parsed, `bounds are passed with -I: -I ${shellWord(path)}`) : parsed;
}

function parseBounds(text: string, options: ThresholdOptions): ParsedThreshold {
  const parsed = parseThresholdInline(text, options);
  return existsSync(text) ? advised(parsed, `a file is passed with -T: -T ${shellWord(text)}`) : parsed;
}

function advised<T extends ParsedThresholdFile>(parsed: T, advice: string): T {
  if (parsed.kind !== 'refused') return parsed;
  const problems = parsed.problems.map(({ reason, message }) => ({ reason, message: `${message}; ${advice}` }));
  return { ...parsed, problems };
}

const shellWord = (text: string) => (/^[\w./-]+$/.test(text) ? text : JSON.stringify(text));

/** Problems of a file are told with its name. */
function named(source: string, parsed: ParsedThresholdFile): NamedThreshold {
  if (parsed.kind !== 'refused') return { parsed, source };
  const problems = parsed.problems.map(({ reason, message }) => ({ reason, message: `${source}: ${message}` }));
  return { parsed: { ...parsed, problems }, source };
}

function isInline(value: string): boolean {
  try {
    return readThresholdInput(value).inline;
  } catch (error) {
    if (isScanError(error)) return false; // it is read again, and what is wrong with it told as the gate tells it
    throw error;
  }
}

type GivenBaseline = { kind: 'baseline'; lookup: BaselineLookup | undefined } | (AskedGate & { kind: 'refused' });

function toBaseline(values: Values): GivenBaseline {
  const path = values.baseline;
  if (path === undefined) return { kind: 'baseline', lookup: undefined };
  const read = toLookup(openBaseline(path), values['baseline-missing']);
  if (read.kind === 'baseline') return read;
  return refuse(read.reason, [{ reason: read.reason, message: `baseline ${path}: ${read.problem}` }]);
}
