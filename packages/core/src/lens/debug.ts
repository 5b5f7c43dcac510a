// SPDX-License-Identifier: Apache-2.0
import type { Cluster, ExecTarget } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { byContainerId, openFromBeside } from './beside.ts';
import { ensureDebugContainer, ownMarker, requireDebugContainers, tools } from './ephemeral.ts';
import type { LensRequest, OpenTarget } from './lens.ts';
import { execPlace, runOnce } from './shell.ts';
import { getUnchangedPod } from './verify.ts';

/**
 * Looks into a target from an ephemeral container beside it, through the root directory of its process. The target
 * needs no program of its own. The container cannot be removed again, only ended: that is reported.
 */
export async function openWithDebug(scanner: Cluster, target: Target, request: LensRequest): Promise<OpenTarget> {
  const { image } = request;
  if (image === undefined)
    throw new ScanError('LENS_UNAVAILABLE', `The debug lens for ${targetName(target)} needs a tools image`, {
      remedy: 'Pass --lens-image with an image that your nodes can pull; docs/approaches.md tells how to build it.',
    });
  const verify = async () => void (await getUnchangedPod(scanner, target));
  await verify();
  await requireDebugContainers(scanner, target);
  await request.allowDebug(target);
  const { name, made } = await ensureDebugContainer(scanner, target, { ...request, image });
  const where: ExecTarget = { namespace: target.namespace, pod: target.pod, container: name };
  const closing = () => (made ? endDebugContainer(scanner, where) : Promise.resolve());
  try {
    const place = execPlace(scanner, where);
    const find = byContainerId(target);
    return await openFromBeside({ lens: 'debug', target, place, find, verify, closing, leftBehind: name }, request);
  } catch (error) {
    await closing();
    // The tools container has a shell: that there is none is no word about the target.
    if (isScanError(error) && error.code === 'SHELL_MISSING')
      throw new ScanError('LENS_UNAVAILABLE', `The tools image ${image} lacks its tools: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

/** Ends the container's own process: it stays in the pod as ended, and nothing of it keeps running. Best effort: it ends by itself too. */
async function endDebugContainer(scanner: Cluster, where: ExecTarget): Promise<void> {
  const script = `for p in /proc/[0-9]*; do [ "$p" = "/proc/$$" ] || { grep -q '${ownMarker}=${where.container}' "$p/environ" 2>/dev/null && kill "\${p#/proc/}"; }; done`;
  try {
    await runOnce(execPlace(scanner, where), [tools.shell, 'sh', '-c', script]);
  } catch {
    // The container or its pod is gone already: then there is nothing to end.
  }
}
