// SPDX-License-Identifier: Apache-2.0
import type { Cluster } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { openWithDebug } from './debug.ts';
import { openWithExec } from './exec.ts';
import type { Meter } from './meter.ts';
import type { Session } from './session.ts';
import { openWithSidecar, sidecarOf } from './sidecar.ts';
import type { LensName, RequiredView, View } from './view.ts';

/** A process, and when it started: numbers are used again. */
export interface ProcessRef {
  pid: number;
  startTime: string;
}

/** A target that is being looked at: everything after this is the same for every lens. */
export interface OpenTarget extends AsyncDisposable {
  target: Target;
  lens: LensName;
  view: View;
  /** In a files-only view the process whose root directory is read by path; the session's shell is not the target's. */
  filesOf: ProcessRef | undefined;
  session: Session;
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

/**
 * Opens a session into a target with the scanner's identity. `auto` takes an injected scanner container, and falls from exec to debug on the one fact that the
 * target has no shell, never on a refusal, a timeout or a fault of the network.
 */
export async function openTarget(scanner: Cluster, target: Target, request: LensRequest): Promise<OpenTarget> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), request.timeoutMs);
  try {
    return await openByLens(scanner.until(patience.signal), target, request);
  } catch (error) {
    if (!patience.signal.aborted) throw error;
    const seconds = request.timeoutMs / 1000;
    throw new ScanError('TARGET_TIMEOUT', `${targetName(target)} could not be opened within ${seconds} s`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function openByLens(scanner: Cluster, target: Target, request: LensRequest): Promise<OpenTarget> {
  if (request.lens === 'debug') return openWithDebug(scanner, target, request);
  if (request.lens === 'sidecar' || (request.lens === 'auto' && sidecarOf(target) !== undefined))
    return openWithSidecar(scanner, target, request);
  try {
    return await openWithExec(scanner, target);
  } catch (error) {
    const hasNoShell = isScanError(error) && error.code === 'SHELL_MISSING';
    if (request.lens !== 'auto' || !hasNoShell || request.image === undefined) throw error;
    return openWithDebug(scanner, target, request);
  }
}
