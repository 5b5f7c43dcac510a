// SPDX-License-Identifier: Apache-2.0
export { type Comparison, compareWithBaseline, stableId } from './baseline.ts';
export { addCounts, type Compliance, type Counted, type Counts, toCompliance, toCounts } from './count.ts';
export { evaluate } from './evaluate.ts';
export { explain } from './explain.ts';
export { type FilesVerdict, type GatedFile, gateFiles } from './gate-files.ts';
export { generateThreshold } from './generate.ts';
export {
  type Baseline,
  type BaselineLookup,
  checkGate,
  type GateRequest,
  gateProblems,
  judge,
  judgeResults,
  unusedThresholds,
} from './judge.ts';
export { type GateOptions, gateDefaults, type Judgement, type Violation } from './judgement.ts';
export { originOf } from './origin.ts';
export { readThresholdFile } from './read-threshold.ts';
export { type Reason, reasons, type Warning, warningCodes } from './reasons.ts';
export type { ParsedThreshold, Problem, Refused, Threshold, ThresholdOptions } from './spec.ts';
export {
  parseThresholdDocument,
  parseThresholdInline,
  strictestThreshold,
} from './threshold.ts';
export {
  type ParsedThresholdFile,
  parseThresholdFile,
  unusedEntries,
} from './threshold-set.ts';
export {
  compareExits,
  type ExitCode,
  exitRanks,
  type Judged,
  type JudgedAudit,
  type Unjudged,
  type Verdict,
  withGrantLeft,
} from './verdict.ts';
