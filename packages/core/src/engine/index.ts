// SPDX-License-Identifier: Apache-2.0
export type { ContainerMarker } from '../broker/index.ts';
export {
  type Audit,
  type AuditInputs,
  audit,
  describeProfile,
  type LockedDependency,
  readDepends,
  readWaiverFiles,
  tryJail,
} from './audit.ts';
export { withCacheLock } from './cache-lock.ts';
export { Engine } from './engine.ts';
export { type EngineInstall, type EngineSettings, findEngine } from './install.ts';
export { type ControlRef, type Inventory, inventory, showProblem, showSupports } from './inventory.ts';
export { type Jail, type JailProperty, jailProperties, requireStrength, strongerJail, weakerJail } from './jail.ts';
export type { EnginePackage } from './package-archive.ts';
export type { PackageKey, PackageStore } from './package-install.ts';
export { type EngineLease, EnginePool, type PoolLimits } from './pool.ts';
export { probeJail } from './probe-jail.ts';
export { makeScratch } from './scratch.ts';
