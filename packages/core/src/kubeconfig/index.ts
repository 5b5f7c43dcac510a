// SPDX-License-Identifier: Apache-2.0
export type { Chosen } from './chosen.ts';
export { readAccess } from './read-access.ts';
export { invalid, type ServerPlace, serverOf } from './server.ts';
export { tokenUser, type User, userOf } from './user.ts';
