// SPDX-License-Identifier: Apache-2.0

export { listenForCancel } from './cancel.ts';
export { type CollectResultsRequest, collectResults } from './collect-results.ts';
export { type Completion, clearCompletion, completionFile, writeCompletion } from './completion.ts';
export { type Check, type DoctorRequest, doctor } from './doctor.ts';
export {
  type EngineInstall,
  type EnginePackage,
  type EngineSettings,
  findEngine,
  type PackageKey,
  type PackageStore,
} from './engine/index.ts';
export { toEnginePackage } from './engine-package.ts';
export { catalogue, type ErrorCode, isScanError, ScanError, toMessage } from './errors/index.ts';
export { stageTitles, toEventRecord } from './event-text.ts';
export type { ScanEvent, Stage } from './events.ts';
export { explain, type GateRequest, gateDefaults, gateFiles, generateThreshold, type Reason } from './gate/index.ts';
export { type AskedGate, type GateFlags, toFileGate } from './gate-request.ts';
export type { GrantObject } from './grant/index.ts';
export {
  type Issued,
  issueGrant,
  operatorRole,
  previewIssue,
  type RevokeRequest,
  revokeGrant,
  revokeNamed,
  sweepGrants,
} from './identity.ts';
export {
  ownMarker,
  restrictedSecurity,
  sidecarName,
  targetMarker,
  tools as toolPaths,
  usualSecurity,
} from './lens/index.ts';
export { type AttestedFile, attestFile } from './outcome/attest-file.ts';
export type { Outcome } from './outcome/outcome.ts';
export { type GivenResult, readResult, readResultFolder } from './outcome/read-results.ts';
export { sidecarAnnotation, stableIdentity, targetName } from './plan/index.ts';
export { type Preview, previewScan } from './preview.ts';
export {
  type DependencyRef,
  type ProfileDescription,
  type ProfileRef,
  readHostCredentials,
} from './profile/index.ts';
export {
  type Annotation,
  checkOutputs,
  coverageOf,
  type FoundTrend,
  type FrameworkCoverage,
  findAnchors,
  fitMarkdown,
  formsOf,
  makeRedactor,
  makeRunServer,
  markdownCode,
  modelOfResults,
  noneCategory,
  type Outputs,
  oneLine,
  type Push,
  parseReportSpec,
  type ReportModel,
  type ReportSpec,
  readTrend,
  renderConsole,
  renderCoverage,
  renderGate,
  renderGateJson,
  renderOutputs,
  renderRefusal,
  renderRefusalJson,
  reportKinds,
  type Surface,
  safeJsonText,
  safeLogLines,
  shortLine,
  toAnnotations,
  toFailureOutputs,
  toOutputs,
  toPushes,
  verdictSentence,
  type WrittenReport,
  writeAtomic,
  writeReports,
} from './report/index.ts';
export {
  environmentName,
  exitCodes,
  type GithubInputName,
  type GithubValues,
  type Group,
  githubInputs,
  type Input,
  type InputName,
  inputNames,
  inputs,
  makeRunId,
  nearestInput,
  parseDuration,
  type Raw,
  readConfigFile,
  resolveAccess,
  resolveGithubInputs,
  resolveToken,
  resolveValues,
  Secret,
  Secrets,
  type Values,
} from './request/index.ts';
export { secretsOf } from './run-secrets.ts';
export { type Scan, scan } from './scan.ts';
export { type OwnPod, scanInPod } from './scan-in-pod.ts';
export {
  type Deps,
  type IdentityRequest,
  type ScanRequest,
  toAuditInputs,
  toIdentityRequest,
  toScanRequest,
} from './scan-request.ts';
export { requireSound, type Study, type StudyDeps, studyProfile, vendorProfile } from './study.ts';
