// SPDX-License-Identifier: Apache-2.0
export { alertId, withDue, withTold } from './alert-state.ts';
export { type Compared, compareFindings, seedState } from './compare.ts';
export { isNew, isOpen, noCounts, severityCounts } from './counts.ts';
export {
  type Area,
  areas,
  type Finding,
  type FindingKind,
  type FindingSeverity,
  type FixState,
  findingSeverities,
  fixStates,
  type Place,
  type Rating,
  type RawFinding,
  type Reporter,
  type Suppression,
} from './finding.ts';
export { fingerprintOf } from './fingerprint.ts';
export type { Coverage, Look } from './look.ts';
export { type Attribution, mergeFindings, toFinding } from './merge.ts';
export { findingsOfHdf, type HdfFindings, type Passed } from './of-hdf.ts';
export { parsePurl } from './purl.ts';
export { type ComparedFinding, type FindingRun, type FindingStatus, findingStatuses } from './run.ts';
export {
  type Alert,
  type AlertChannel,
  type AlertState,
  alertStateSchema,
  findingSchema,
  type RunPoint,
  runPointSchema,
  severityCountsSchema,
} from './schema.ts';
export { bySeverity, highestSeverity, severityOfScore, severityOfWord } from './severity.ts';
export { stableImage, stablePod, stableTarget } from './stable.ts';
export { emptyState, type FindingState, type StateEntry } from './state.ts';
export {
  type AppliedWaivers,
  applyWaivers,
  type FindingWaiver,
  keyText,
  parseWaiverKey,
  type WaiverKey,
} from './waivers.ts';
