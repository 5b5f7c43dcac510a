// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { meanTarget, targetFunctions } from './as-target.ts';
import { tools, type User } from './ephemeral.ts';
import type { LensRequest, OpenTarget, ProcessRef } from './lens.ts';
import { Meter } from './meter.ts';
import { Session } from './session.ts';
import { type Place, runOnce, toShellEntry } from './shell.ts';
import type { LensName, View } from './view.ts';

/** A tools container beside the target, which shares the target's processes. */
export interface Beside {
  lens: LensName;
  target: Target;
  place: Place;
  /** For the helper: how the target's process is told from others. */
  find: string[];
  verify: () => Promise<void>;
  closing: () => Promise<void>;
  /** What stays in the pod. */
  leftBehind: string | undefined;
}

/** Looks into the target through the root directory of its process, as fully as the settings of both containers allow. */
export async function openFromBeside(
  { lens, target, place, find, verify, closing, leftBehind }: Beside,
  request: LensRequest,
): Promise<OpenTarget> {
  const process = await findProcess(place, target, find);
  const view = await probe({ place, target, process, request });
  const meter = new Meter();
  const shell = [tools.shell, 'sh'];
  const asTarget = { prelude: targetFunctions(process), translate: meanTarget(process) };
  const entry = toShellEntry({
    place,
    name: targetName(target),
    killShell: shell,
    verify,
    ...(view === 'full' ? { command: enterCommand(process, request), ...asTarget } : { command: shell }),
  });
  const session = await Session.open(entry, meter);
  return {
    target,
    lens,
    view,
    filesOf: view === 'full' ? undefined : process,
    session,
    meter,
    leftBehind,
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
    '--target-environ',
    '--',
    'sh',
  ];
}

/** By the container's id in the cgroup of its processes, never by a name: two containers may look alike. */
export const byContainerId = ({ containerId }: Target): string[] => [
  '--container-id',
  containerId.replace(/^[a-z-]+:\/\//, ''),
];

/** The target's process, and whose it is: that is open to everyone who sees it. */
export async function findProcess(place: Place, target: Target, find: string[]): Promise<ProcessRef & User> {
  const { end, stdout, stderr } = await runOnce(place, [tools.helper, 'find', ...find, '--wait-ms', '2000']);
  const [, pid, uid, gid, startTime] = /^(\d+) (\d+) (\d+) [0-9a-f]+ (\d+)$/.exec(stdout.trim()) ?? [];
  if (pid !== undefined && startTime !== undefined)
    return { pid: Number(pid), startTime, uid: Number(uid), gid: Number(gid) };
  if (end.kind === 'lost')
    throw new ScanError('TARGET_LOST', `The container beside ${targetName(target)} was lost: ${end.message}`);
  const reason = end.kind === 'not-started' ? end.message : stderr.trim();
  throw new ScanError(
    'LENS_UNAVAILABLE',
    `The process of ${targetName(target)} was not found from the container beside it: ${reason}`,
  );
}

interface Probing {
  place: Place;
  target: Target;
  process: ProcessRef;
  request: LensRequest;
}

/** How much of the target the settings of both containers allow to see; the helper names the step that failed. */
async function probe({ place, target, process, request }: Probing): Promise<View> {
  const args = ['--pid', String(process.pid), '--starttime', process.startTime, '--shell', tools.shell];
  const { stdout, stderr } = await runOnce(place, [tools.helper, 'probe', ...args]);
  const [word = '', ...reason] = stdout.trim().split(' ');
  if (word === 'files-only' && request.requireView === 'full')
    throw new ScanError(
      'VIEW_PARTIAL',
      `Of ${targetName(target)} only files can be seen from the container beside it: ${reason.join(' ')}`,
    );
  if (word === 'full' || word === 'files-only') return word;
  throw new ScanError(
    'LENS_UNAVAILABLE',
    `${targetName(target)} cannot be entered from the container beside it: ${reason.join(' ') || stderr.trim()}`,
    {
      remedy:
        'The message names the step that was refused and the missing capability; docs/approaches.md has the table.',
    },
  );
}
