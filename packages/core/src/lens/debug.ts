// SPDX-License-Identifier: Apache-2.0
import type { Cluster, ExecTarget } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { byContainerId, findProcess, openFromBeside } from './beside.ts';
import {
  type EphemeralRequest,
  ensureDebugContainer,
  guessedUser,
  requireDebugContainers,
  tools,
} from './ephemeral.ts';
import type { LensRequest, OpenTarget } from './open-target.ts';
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
      remedy: 'Pass --lens-image with an image that your nodes can pull; docs/approaches.md says how to build it.',
    });
  const verify = async () => void (await getUnchangedPod(scanner, target));
  await verify();
  await requireDebugContainers(scanner, target);
  await request.allowDebug(target);
  const name = await containerBeside(scanner, target, { ...request, image });
  const where: ExecTarget = { namespace: target.namespace, pod: target.pod, container: name };
  const closing = () => endDebugContainer(scanner, where);
  try {
    const place = execPlace(scanner, where);
    const find = byContainerId(target);
    return await openFromBeside({ lens: 'debug', target, place, find, verify, closing, leftBehind: name }, request);
  } catch (error) {
    await closing();
    throw isScanError(error) ? withTrace(error, where, image) : error;
  }
}

/**
 * Where the user of the target has to be guessed, a first container sees whose process it is. If the guess was wrong a
 * second one is made, as that user; the first ends.
 */
async function containerBeside(scanner: Cluster, target: Target, request: EphemeralRequest): Promise<string> {
  const { name, guessed } = await ensureDebugContainer(scanner, target, request);
  if (!guessed) return name;
  const where: ExecTarget = { namespace: target.namespace, pod: target.pod, container: name };
  let isRight = false;
  try {
    const { uid, gid } = await findProcess(execPlace(scanner, where), target, byContainerId(target));
    isRight = uid === guessedUser.uid && gid === guessedUser.gid;
    if (isRight) return name;
    return (await ensureDebugContainer(scanner, target, { ...request, user: { uid, gid } })).name;
  } finally {
    if (!isRight) await endDebugContainer(scanner, where);
  }
}

/** An error about a target that leaves something in its pod says so: there will be no other word of it. */
function withTrace(error: ScanError, { container }: ExecTarget, image: string): ScanError {
  const trace = `the debug container ${container} stays in the pod's list, ended`;
  // The tools container has a shell: that there is none is no word about the target.
  return error.code === 'SHELL_MISSING'
    ? new ScanError('LENS_UNAVAILABLE', `The tools image ${image} lacks its tools: ${error.message}; ${trace}`, {
        cause: error,
      })
    : new ScanError(error.code, `${error.message}; ${trace}`, { cause: error, remedy: error.remedy });
}

// Everything in the container has the same control group. Where somebody else looks from it too, the last one ends it.
// Builtins only, so that the script never meets programs of its own; the shell drops the NULs between words.
const endScript = `
read -r own </proc/self/cgroup
look() {
  users=''; all=''
  for process in /proc/[0-9]*; do
    pid=\${process#/proc/}; group=''; words=''
    [ "$pid" = $$ ] && continue
    read -r group <"$process/cgroup"; [ "$group" = "$own" ] || continue
    read -r words <"$process/cmdline"; [ -n "$words" ] || continue
    all="$all $pid"
    case $words in *${tools.helper}idle-*) ;; *) users="$users $pid" ;; esac
  done 2>/dev/null
}
tries=0; look
while [ -n "$users" ]; do [ $tries = 10 ] && exit 0; tries=$((tries + 1)); sleep 0.2; look; done
kill $all`;

/** Ends the container's own process: it stays in the pod as ended, and nothing of it keeps running. Best effort: it ends by itself too. */
async function endDebugContainer(scanner: Cluster, where: ExecTarget): Promise<void> {
  try {
    // Also after a cancellation, and after we ran out of patience.
    await runOnce(execPlace(scanner, where).toEnd, [tools.shell, 'sh', '-c', endScript]);
  } catch {
    // The container or its pod is gone already: then there is nothing to end.
  }
}
