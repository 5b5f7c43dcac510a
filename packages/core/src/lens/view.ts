// SPDX-License-Identifier: Apache-2.0

import type { lensNames } from '../request/index.ts';

export type LensName = (typeof lensNames)[number];

/** Whose shell and programs a lens looks with. */
export const lensTools: Record<LensName, 'the-targets' | 'ours'> = {
  exec: 'the-targets',
  debug: 'ours',
  sidecar: 'ours',
};

/** `files-only`: commands and processes of the target could not be seen; such controls are not reviewed. */
export const views = ['full', 'files-only'] as const;
export type View = (typeof views)[number];

/**
 * Who answered: programs of the `target`, or tools of ours. Those are `guarded` where the kernel keeps every process of the
 * target from ours, and `reachable` where one could read, write or change them.
 */
export const witnesses = ['target', 'guarded', 'reachable'] as const;
export type Witness = (typeof witnesses)[number];

/** What has to be seen for a look to count, and by whom: `guarded` is full too. */
export type RequiredView = 'any' | 'full' | 'guarded';
