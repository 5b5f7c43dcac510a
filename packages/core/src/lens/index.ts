// SPDX-License-Identifier: Apache-2.0

export { CommandTimeout } from './asking.ts';
export { escapeBytes } from './byte-text.ts';
export { guardedSecurity, ownMarker, restrictedSecurity, tools, usualSecurity } from './ephemeral.ts';
export { type CommandAnswer, quote } from './framing.ts';
export { containerIdInPod, openInPod } from './in-pod.ts';
export { openTarget } from './lens.ts';
export { type LensRequest, type OpenTarget } from './open-target.ts';
export { type ProcessRef } from './process-ref.ts';
export { CommandRefused } from './refusal.ts';
export { defaultRun, type RunOptions } from './session.ts';
export { type ExecPlace, execPlace, fetchBytes, type ShellOutput } from './shell.ts';
export { type LensName, lensTools, type RequiredView, type View, views, type Witness, witnesses } from './view.ts';
