// SPDX-License-Identifier: Apache-2.0

export { tools } from './ephemeral.ts';
export type { Answer } from './framing.ts';
export { type LensRequest, type OpenTarget, openTarget, type ProcessRef } from './lens.ts';
export { Meter } from './meter.ts';
export { CommandTimeout, defaultRun, Session } from './session.ts';
export type { LensName, View } from './view.ts';
