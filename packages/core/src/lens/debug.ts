// SPDX-License-Identifier: Apache-2.0
import type { Cluster, ExecTarget } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { ensureDebugContainer, ownMarker, tools } from './ephemeral.ts';
import type { LensRequest, OpenTarget, ProcessRef } from './lens.ts';
import { Meter } from './meter.ts';
import { Session } from './session.ts';
import { runOnce, toShellEntry } from './shell.ts';
import { getUnchangedPod } from './verify.ts';
import type { View } from './view.ts';

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
  await request.allowDebug(target);
  const name = await ensureDebugContainer(scanner, target, { ...request, image });
  const where: ExecTarget = { namespace: target.namespace, pod: target.pod, container: name };
  const closing = () => endDebugContainer(scanner, where);
  try {
    return await openFrom({ scanner, target, where, verify, closing }, request);
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

interface Opening {
  scanner: Cluster;
  target: Target;
  where: ExecTarget;
  verify: () => Promise<void>;
  closing: () => Promise<void>;
}

async function openFrom(
  { scanner, target, where, verify, closing }: Opening,
  request: LensRequest,
): Promise<OpenTarget> {
  const process = await findTarget(scanner, target, where);
  const view = await probe(scanner, { target, where, process });
  const meter = new Meter();
  const shell = [tools.shell, 'sh'];
  const command = view === 'full' ? enterCommand(process, request) : shell;
  const entry = toShellEntry({ scanner, where, name: targetName(target), command, killShell: shell, verify });
  const session = await Session.open(entry, meter);
  return {
    target,
    lens: 'debug',
    view,
    filesOf: view === 'full' ? undefined : process,
    session,
    meter,
    leftBehind: where.container,
    verify,
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await closing();
    },
  };
}

function enterCommand({ pid, startTime }: ProcessRef, { deadline }: LensRequest): string[] {
  const seconds = Math.max(1, Math.ceil((deadline.getTime() - Date.now()) / 1000));
  return [
    tools.helper,
    'enter',
    '--pid',
    String(pid),
    '--starttime',
    startTime,
    '--shell',
    tools.shell,
    '--deadline-seconds',
    String(seconds),
    '--',
    'sh',
  ];
}

/** By the container's id in the cgroup of its processes, never by a name: two containers may look alike. */
async function findTarget(scanner: Cluster, target: Target, where: ExecTarget): Promise<ProcessRef> {
  const id = target.containerId.replace(/^[a-z-]+:\/\//, '');
  const { end, stdout, stderr } = await runOnce(scanner, where, [
    tools.helper,
    'find',
    '--container-id',
    id,
    '--wait-ms',
    '2000',
  ]);
  const [, pid, startTime] = /^(\d+) \d+ \d+ [0-9a-f]+ (\d+)$/.exec(stdout.trim()) ?? [];
  if (pid !== undefined && startTime !== undefined) return { pid: Number(pid), startTime };
  if (end.kind === 'lost')
    throw new ScanError('TARGET_LOST', `The debug container of ${targetName(target)} was lost: ${end.message}`);
  const reason = end.kind === 'not-started' ? end.message : stderr.trim();
  throw new ScanError(
    'LENS_UNAVAILABLE',
    `The process of ${targetName(target)} was not found from its debug container: ${reason}`,
  );
}

interface Probing {
  target: Target;
  where: ExecTarget;
  process: ProcessRef;
}

/** How much of the target the settings of both containers allow to see; the helper names the step that failed. */
async function probe(scanner: Cluster, { target, where, process }: Probing): Promise<View> {
  const args = ['--pid', String(process.pid), '--starttime', process.startTime, '--shell', tools.shell];
  const { stdout, stderr } = await runOnce(scanner, where, [tools.helper, 'probe', ...args]);
  const [word = '', ...reason] = stdout.trim().split(' ');
  if (word === 'full' || word === 'files-only') return word;
  throw new ScanError(
    'LENS_UNAVAILABLE',
    `${targetName(target)} cannot be entered from its debug container: ${reason.join(' ') || stderr.trim()}`,
    {
      remedy:
        'The message names the step that was refused and the missing capability; docs/approaches.md has the table.',
    },
  );
}

/** Ends the container's own process: it stays in the pod as ended, and nothing of it keeps running. Best effort: it ends by itself too. */
async function endDebugContainer(scanner: Cluster, where: ExecTarget): Promise<void> {
  const script = `for p in /proc/[0-9]*; do [ "$p" = "/proc/$$" ] || { grep -q '${ownMarker}=${where.container}' "$p/environ" 2>/dev/null && kill "\${p#/proc/}"; }; done`;
  try {
    await runOnce(scanner, where, [tools.shell, 'sh', '-c', script]);
  } catch {
    // The container or its pod is gone already: then there is nothing to end.
  }
}
