// SPDX-License-Identifier: Apache-2.0
export { type Comparison, compareWithBaseline, stableId } from './baseline.ts';
export type { Compliance, Counted, Counts } from './count.ts';
export { decodeThreshold } from './document.ts';
export { evaluate } from './evaluate.ts';
export { explain } from './explain.ts';
export { type FilesVerdict, type GatedFile, gateFiles } from './gate-files.ts';
export { type Generated, type GenerateOptions, generateThreshold } from './generate.ts';
export {
  type Baseline,
  type BaselineLookup,
  checkGate,
  type GateRequest,
  gateProblems,
  judge,
  judgeResults,
  type Ruling,
  ruling,
  unusedThresholds,
} from './judge.ts';
export { type GateOptions, gateDefaults, type Judgement, type Violation } from './judgement.ts';
export { type MissingBaseline, type ReadBaseline, readBaseline } from './read-baseline.ts';
export { readThresholdFile } from './read-threshold.ts';
export { type Reason, reasons, type Warning, type WarningCode } from './reasons.ts';
export type { ParsedThreshold, Problem, Refused, Threshold, ThresholdOptions } from './spec.ts';
export {
  type BucketSeverity,
  bucketSeverities,
  parseThresholdDocument,
  parseThresholdInline,
  strictestThreshold,
  withFailOn,
} from './threshold.ts';
export {
  type ParsedThresholdFile,
  parseThresholdFile,
  type ThresholdEntry,
  type ThresholdSet,
  thresholdFor,
  unusedEntries,
} from './threshold-set.ts';
export type { ExitCode, Judged, Verdict } from './verdict.ts';
