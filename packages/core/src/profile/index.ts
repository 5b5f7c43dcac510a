// SPDX-License-Identifier: Apache-2.0
export { Cache } from './cache.ts';
export { readConfigMap } from './config-map.ts';
export { HostCredentials, readHostCredentials } from './credentials.ts';
export type { ProfileDescription } from './description.ts';
export { Descriptions } from './descriptions.ts';
export { type ArchiveEntry, safePath } from './entries.ts';
export { fetchNamed } from './fetch.ts';
export type { Fetching } from './fetching.ts';
export { resolveCommit } from './git.ts';
export { readTree } from './linked.ts';
export {
  gatherProfile,
  type PreparedProfile,
  type Preparing,
  prepareProfile,
  readProfile,
} from './prepare.ts';
export { notRun, prepareProfiles } from './prepare-all.ts';
export type { DependencyRef, ProfileRef } from './profile-ref.ts';
export { parseSource, withRef } from './source.ts';
export { writeVendored } from './vendor.ts';
