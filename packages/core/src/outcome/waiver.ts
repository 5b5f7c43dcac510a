// SPDX-License-Identifier: Apache-2.0
import type { TargetMatch } from '../request/index.ts';

export type WaiverFormat = 'yaml' | 'json' | 'csv';

/** A permission to fail; it counts only while it says `run: false` and has not expired. */
export interface Waiver {
  controlId: string;
  justification: string;
  /** As written. */
  expires: string | undefined;
  hasExpired: boolean;
  /** False: the control is not run, and not applicable. Otherwise it is run and counts as ever. */
  run: boolean;
  owner: string | undefined;
  /** It holds where one of these matches; without any it holds everywhere. */
  targets: TargetMatch[];
  /** All that the entry says, as read. */
  fields: Record<string, unknown>;
}

/** A waiver file that was read. */
export interface WaiverFile {
  /** As the user named it. */
  path: string;
  /** The same, from the root. */
  file: string;
  waivers: Waiver[];
}
