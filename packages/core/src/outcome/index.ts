// SPDX-License-Identifier: Apache-2.0
export { type Attested, applyAttestations, parseAttestations } from './attest.ts';
export {
  type ControlStatus,
  controlSeverity,
  controlStatus,
  isEvaluated,
  isExpired,
  isTransportFailure,
  isWaived,
  type Reading,
  resultStatus,
  type Severity,
  severities,
  shownSeverity,
  statuses,
} from './control.ts';
export { type GatedControl, type GatedSet, type Selected, selectGated } from './gated.ts';
export {
  controlsOf,
  type Hdf,
  type HdfControl,
  type HdfProfile,
  type HdfResult,
  type LocatedControl,
  parseHdf,
  type ResultStatus,
} from './hdf.ts';
export { parseMoment } from './moment.ts';
export {
  type Audited,
  isFileTarget,
  type LensName,
  type Observation,
  type Outcome,
  type ProfileRef,
  type Unreached,
} from './outcome.ts';
export { observationFields, profileFields, type ResultFacts, resultFacts, targetFields } from './result-facts.ts';
export { type GivenResult, type Result, type ResultFile, toResult } from './result-file.ts';
export type { WaiverFile } from './waiver.ts';
export { isForSome, renderWaivers, unusedTargets, type WaiverTarget, waiversFor } from './waiver-targets.ts';
export { parseWaivers, unknownWaivers } from './waivers.ts';
