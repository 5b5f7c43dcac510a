// SPDX-License-Identifier: Apache-2.0

export { type Check, type DoctorRequest, doctor } from './doctor.ts';
export { type EngineInstall, type EngineSettings, findEngine } from './engine/index.ts';
export { catalogue, type ErrorCode, isScanError, ScanError, toMessage } from './errors/index.ts';
export type { ScanEvent, Stage } from './events.ts';
export type { Outcome } from './outcome/outcome.ts';
export { targetName } from './plan/index.ts';
export {
  type ReportModel,
  renderConsole,
  renderOutputs,
  reportKinds,
  safeLogLines,
  toFailureOutputs,
  writeAtomic,
} from './report/index.ts';
export {
  environmentName,
  exitCodes,
  type Group,
  type Input,
  type InputName,
  inputNames,
  inputs,
  type Raw,
  readConfigFile,
  resolveAccess,
  resolveValues,
  Secret,
  type Values,
} from './request/index.ts';
export { type Scan, scan } from './scan.ts';
export { type Deps, type ScanRequest, toScanRequest } from './scan-request.ts';
