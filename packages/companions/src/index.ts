// SPDX-License-Identifier: Apache-2.0
export { readAny, readAs, tools } from './read.ts';
export type { Wanted } from './reader.ts';
export {
  type About,
  type Doubt,
  doubts,
  type Looked,
  type NotLooked,
  type NotLookedReason,
  notLookedCodes,
  type Problem,
  type Reading,
} from './reading.ts';
export { type Consolidated, type ReportFacts, toFindingsModel } from './results/findings-model.ts';
export { type HdfOptions, toHdf, type UnknownAs } from './results/hdf.ts';
export { type ParsedState, parseState } from './results/state-file.ts';
export { toConsolidationRequest } from './run/consolidation-request.ts';
export { writeConsolidationFailure } from './run/outputs-file.ts';
export {
  type ConsolidationDeps,
  type ConsolidationRequest,
  type ConsolidationRun,
  runConsolidation,
} from './run/run-consolidation.ts';
export { toldLines } from './run/told-lines.ts';
export {
  type ConsolidatedSource,
  type Consolidation,
  consolidate,
  type FileFacts,
  type GivenFile,
  type SourceProblem,
} from './sources/consolidate.ts';
export { type Envelope, parseEnvelope } from './sources/envelope.ts';
export { matchesPattern } from './sources/match.ts';
export { ownTarget, ownTool } from './sources/own-run.ts';
export { parseSources, type Source, type Sources } from './sources/schema.ts';
export { parseWaiverFile } from './sources/waiver-file.ts';
