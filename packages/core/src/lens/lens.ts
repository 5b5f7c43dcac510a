// SPDX-License-Identifier: Apache-2.0
import type { Cluster } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { openWithDebug } from './debug.ts';
import { openWithExec } from './exec.ts';
import type { LensRequest, OpenTarget } from './open-target.ts';
import { openWithSidecar, sidecarOf } from './sidecar.ts';
import type { LensName } from './view.ts';

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
  const lens = request.lens === 'auto' && sidecarOf(target) !== undefined ? 'sidecar' : request.lens;
  return (lens === 'auto' ? openWithShell : openers[lens])(scanner, target, request);
}

type Opener = (scanner: Cluster, target: Target, request: LensRequest) => Promise<OpenTarget>;

const openers: Record<LensName, Opener> = {
  exec: openWithShell,
  debug: openWithDebug,
  sidecar: openWithSidecar,
};

/** With the target's own shell, or by `auto` with ours where it has none. */
async function openWithShell(scanner: Cluster, target: Target, request: LensRequest): Promise<OpenTarget> {
  if (request.requireView === 'guarded') return openGuarded(scanner, target, request);
  try {
    return await openWithExec(scanner, target);
  } catch (error) {
    const hasNoShell = isScanError(error) && error.code === 'SHELL_MISSING';
    if (request.lens !== 'auto' || !hasNoShell || request.image === undefined) throw error;
    return openWithDebug(scanner, target, request);
  }
}

/** Where the target's own programs must not be the witnesses, exec is no way. */
function openGuarded(scanner: Cluster, target: Target, request: LensRequest): Promise<OpenTarget> {
  if (request.lens === 'auto' && request.image !== undefined) return openWithDebug(scanner, target, request);
  throw new ScanError(
    'VIEW_PARTIAL',
    `The exec lens relies on the programs of ${targetName(target)}, and require-view is guarded`,
    { remedy: 'Pass --lens debug with --lens-image, or inject a scanner container with `--guarded`.' },
  );
}
