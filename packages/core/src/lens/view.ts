// SPDX-License-Identifier: Apache-2.0

export const lensNames = ['exec', 'debug', 'sidecar'] as const;
export type LensName = (typeof lensNames)[number];

/** `files-only`: commands and processes of the target could not be seen; such controls are not reviewed. */
export type View = 'full' | 'files-only';

/** What has to be seen for a look to count. */
export type RequiredView = 'any' | 'full';
