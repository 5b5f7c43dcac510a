// SPDX-License-Identifier: Apache-2.0
import type { Cluster } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { byContainerId, openFromBeside } from './beside.ts';
import type { LensRequest, OpenTarget } from './open-target.ts';
import { execPlace } from './shell.ts';
import { getUnchangedPod } from './verify.ts';

/** The scanner container that `cinc-scan sidecar inject` put beside the target; undefined for any other pod. */
export function sidecarOf({ sidecar, container }: Target): string | undefined {
  return sidecar === container ? undefined : sidecar;
}

/** Looks into a target from the injected container of its pod, which shares the processes of all. Nothing is made. */
export async function openWithSidecar(scanner: Cluster, target: Target, request: LensRequest): Promise<OpenTarget> {
  const sidecar = sidecarOf(target);
  if (sidecar === undefined)
    throw new ScanError('LENS_UNAVAILABLE', `The pod of ${targetName(target)} has no scanner container`, {
      remedy: 'Write one into its manifest with `cinc-scan sidecar inject`, or choose another lens.',
    });
  const verify = async () => void (await getUnchangedPod(scanner, target));
  await verify();
  const place = execPlace(scanner, { namespace: target.namespace, pod: target.pod, container: sidecar });
  const closing = () => Promise.resolve();
  try {
    return await openFromBeside(
      { lens: 'sidecar', target, place, find: byContainerId(target), verify, closing, leftBehind: undefined },
      request,
    );
  } catch (error) {
    if (!isScanError(error) || error.code !== 'SHELL_MISSING') throw error;
    throw new ScanError(
      'LENS_UNAVAILABLE',
      `The scanner container of ${targetName(target)} lacks its tools: ${error.message}`,
      { cause: error },
    );
  }
}
