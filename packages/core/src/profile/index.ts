// SPDX-License-Identifier: Apache-2.0
export { type PreparedProfile, prepareProfile } from './prepare.ts';
export type { ProfileRef } from './profile-ref.ts';
