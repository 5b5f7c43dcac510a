// SPDX-License-Identifier: Apache-2.0
import type { ScanError } from '../errors/index.ts';
import type { LensName, View, Witness } from '../lens/index.ts';
import type { MissingTarget, Target } from '../plan/index.ts';
import type { ProfileRef } from '../profile/index.ts';
import type { Hdf } from './hdf.ts';

export type { LensName, ProfileRef };

/** What the look into one target cost and met; kept for unreached targets as far as it came. */
export interface Observation {
  lens: LensName;
  view: View;
  /** Who answered, and whether the target could have answered in its place. */
  witness: Witness;
  started: string;
  /** Wall time in seconds. */
  seconds: number;
  commands: number;
  /** Bytes that came out of the container. */
  bytes: number;
  /** Tools a command asked for and the container lacks (exit 127). */
  toolsMissing: string[];
  /** Questions that this view could not answer: their controls are not reviewed. */
  notSeen: number;
  retries: number;
  /** Answers that were cut at the size limit. */
  truncated: number;
  /** Facts answered without touching the target, such as /.dockerenv. */
  virtual: string[];
  /** What stays behind in the pod: the name of an ephemeral container. */
  leftBehind: string | undefined;
}

/** What became of one target under one profile. A finding is in the HDF; whatever prevented looking is the error. */
export type Outcome = Audited | Unreached;

export interface Audited {
  kind: 'audited';
  target: Target;
  profile: ProfileRef;
  observation: Observation;
  hdf: Hdf;
  /** The engine's own bytes, of which `hdf` is the reading. */
  hdfText: string;
}

export interface Unreached {
  kind: 'unreached';
  target: Target | MissingTarget;
  profile: ProfileRef | undefined;
  observation: Observation | undefined;
  error: ScanError;
}

/** Whether results came without a word of where they were taken, and are named after their file. */
export const isFileTarget = ({ owner }: Target): boolean => owner.kind === 'File';
