// SPDX-License-Identifier: Apache-2.0
export type { Answer } from './framing.ts';
export { type LensRequest, type OpenTarget, openTarget } from './lens.ts';
export { Meter } from './meter.ts';
export { CommandTimeout, defaultRun, Session } from './session.ts';
export type { LensName, View } from './view.ts';
