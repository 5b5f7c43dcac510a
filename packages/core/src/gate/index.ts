// SPDX-License-Identifier: Apache-2.0
export { type Comparison, compareWithBaseline, stableId } from './baseline.ts';
export type { Compliance, Counted, Counts } from './count.ts';
export { evaluate, type GateOptions, gateDefaults, type Judgement, type Violation } from './evaluate.ts';
export { type Reason, reasons, type Warning, type WarningCode } from './reasons.ts';
export {
  bucketSeverities,
  type ParsedThreshold,
  type Problem,
  parseThresholdDocument,
  parseThresholdInline,
  strictestThreshold,
  type Threshold,
  withFailOn,
} from './threshold.ts';
