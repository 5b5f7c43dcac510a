// SPDX-License-Identifier: Apache-2.0

export { ownMarker, restrictedSecurity, tools, usualSecurity } from './ephemeral.ts';
export type { Answer } from './framing.ts';
export { containerIdInPod, openInPod } from './in-pod.ts';
export { type LensRequest, type OpenTarget, openTarget, type ProcessRef } from './lens.ts';
export { Meter } from './meter.ts';
export { CommandTimeout, defaultRun, Session } from './session.ts';
export { execPlace, type Fetched, fetchBytes, type Place } from './shell.ts';
export { sidecarName, targetMarker } from './sidecar-conventions.ts';
export type { LensName, RequiredView, View } from './view.ts';
