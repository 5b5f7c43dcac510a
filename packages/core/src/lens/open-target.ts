// SPDX-License-Identifier: Apache-2.0
import type { Target } from '../plan/index.ts';
import type { Commands } from './commands.ts';
import type { Meter } from './meter.ts';
import type { ProcessRef } from './process-ref.ts';
import type { Session } from './session.ts';
import type { LensName, RequiredView, View, Witness } from './view.ts';

/** A target that is being looked at: everything after this is the same for every lens. */
export interface OpenTarget extends AsyncDisposable {
  target: Target;
  lens: LensName;
  view: View;
  witness: Witness;
  /** In a files-only view the process whose root directory is read by path; the session's shell is not the target's. */
  filesOf: ProcessRef | undefined;
  session: Session;
  /** Where commands of a profile are run. */
  commands: Commands;
  meter: Meter;
  /** The ephemeral container that stays in the pod, where one was made. */
  leftBehind: string | undefined;
  /** Throws TARGET_CHANGED if the container is no longer the one that was planned. */
  verify(): Promise<void>;
}

export interface LensRequest {
  lens: LensName | 'auto';
  /** Image of the tools container for the debug lens. */
  image: string | undefined;
  requireView: RequiredView;
  /** Names what is made in a pod. */
  runId: string;
  /** When whatever was made has to have ended by itself. */
  deadline: Date;
  /** How long one audit of the target may take. */
  timeoutMs: number;
  /** Lets the scanner add a debug container to the pod of a target: asked for only when one is needed. */
  allowDebug(target: Target): Promise<void>;
}
