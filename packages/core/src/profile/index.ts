// SPDX-License-Identifier: Apache-2.0
export { Cache } from './cache.ts';
export { readConfigMap } from './config-map.ts';
export { HostCredentials, readHostCredentials } from './credentials.ts';
export type { ProfileDescription } from './description.ts';
export type { Fetching } from './fetching.ts';
export {
  type Gathered,
  gatherProfile,
  type PreparedProfile,
  type Preparing,
  prepareProfile,
  readProfile,
} from './prepare.ts';
export { notRun, type PreparedProfiles, prepareProfiles } from './prepare-all.ts';
export type { DependencyRef, ProfileRef } from './profile-ref.ts';
export { parseSource } from './source.ts';
export { writeVendored } from './vendor.ts';
