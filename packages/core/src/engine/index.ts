// SPDX-License-Identifier: Apache-2.0
export {
  type AuditInputs,
  type AuditOrder,
  audit,
  describeProfile,
  type LockedDependency,
  readDepends,
} from './audit.ts';
export { Engine, type EngineVersion } from './engine.ts';
export { type EngineChoice, type EngineInstall, type EngineSettings, findEngine } from './install.ts';
export type { EnginePackage } from './package-archive.ts';
export type { PackageKey, PackageStore } from './package-install.ts';
