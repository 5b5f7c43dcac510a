// SPDX-License-Identifier: Apache-2.0
export { listenForCancel, untilDeadline } from './cancel.ts';
export { type ClusterFinding, checkCluster, clusterChecks } from './check-cluster.ts';
export { type Check, type DoctorRequest, doctor } from './doctor.ts';
export { toEnginePackage } from './engine-package.ts';
export { stageTitles, toEventRecord } from './event-text.ts';
export type { EventRecord, ScanEvent, Stage } from './events.ts';
export { type AskedGate, type GateFlags, toFileGate } from './gate-request.ts';
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
export { type CollectResultsRequest, collectResults } from './in-pod/collect-results.ts';
export { type Completion, clearCompletion, completionFile, writeCompletion } from './in-pod/completion.ts';
export type { OwnPod } from './in-pod/own-pod-site.ts';
export { scanInPod } from './in-pod/scan-in-pod.ts';
export { listTargets, type TargetsPage, type TargetsRequest } from './list-targets.ts';
export { makeDeps, type Program, toEngineSettings } from './make-deps.ts';
export { type ClusterDeps } from './open-cluster.ts';
export { inOwnWords } from './own-words.ts';
export { type Preview, previewScan } from './preview.ts';
export type { Contents, NamedText } from './request/contents.ts';
export {
  embeddedProfile,
  mostRequestBytes,
  parseRequest,
  type RequestDocument,
  renderRequest,
  requestInput,
  requestJsonSchema,
  requestVersion,
} from './request/document.ts';
export { readContents, readInputFiles } from './request/read-contents.ts';
export { readDocument, readDocumentFile } from './request/read-document.ts';
export { printRequest } from './request/request-files.ts';
export { secretsOf } from './run-secrets.ts';
export { type Scan, scan } from './scan.ts';
export {
  checkThreshold,
  type Deps,
  type GivenInputs,
  type IdentityRequest,
  parseGate,
  type ScanRequest,
  toIdentityRequest,
  toInputs,
  toScanRequest,
} from './scan-request.ts';
export { requireSound, type Study, type StudyDeps, studyProfile, vendorProfile } from './study.ts';
export { writeRun } from './write-run.ts';
